/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * DW_ASSERT_THREAD:
 * @thread: the thread a room lives in, kept from where it was made
 *
 * GIO calls some virtual functions in a pool thread, above all those that close: the default close_async of GIOStream
 * and GInputStream runs close_fn there (read in GLib 2.74). Code that must stay in one thread asserts it with this;
 * builds with tests abort when it is called in another.
 */
#ifdef DW_THREAD_ASSERTS
#define DW_ASSERT_THREAD(thread) g_assert ((thread) == g_thread_self ())
#else
#define DW_ASSERT_THREAD(thread)                                                                                   \
  G_STMT_START                                                                                                     \
  {                                                                                                                \
    (void) (thread);                                                                                               \
  }                                                                                                                \
  G_STMT_END
#endif

/**
 * DW_ASSERT_MAIN_THREAD:
 *
 * The same for code of the main loop that keeps no thread to compare with: on Linux the first thread's ID is the
 * process ID.
 */
#if defined(DW_THREAD_ASSERTS) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#define DW_ASSERT_MAIN_THREAD() g_assert (syscall (SYS_gettid) == getpid ())
#else
#define DW_ASSERT_MAIN_THREAD()                                                                                    \
  G_STMT_START                                                                                                     \
  {                                                                                                                \
  }                                                                                                                \
  G_STMT_END
#endif
