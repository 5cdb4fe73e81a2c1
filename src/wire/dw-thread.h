/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/**
 * DW_ASSERT_THREAD:
 * @thread: the thread a room lives in, kept from where it was made
 *
 * GIO calls some functions in a pool thread of its own: those that close above all, since GIOStream's and
 * GInputStream's own close_async run close_fn there (read in GLib 2.74). A room that lives in one thread says so
 * here, and a build with tests ends where it is called in another.
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
 * The same for a room of the main loop that keeps no thread: on Linux the first thread has the process's number.
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
