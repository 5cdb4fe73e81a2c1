/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-process-metrics.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Counted here, because only root can see the descriptors of a process that is not dumpable. */
static guint
count_descriptors (void)
{
  g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (folder != NULL && g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

static double
find_cpu_seconds (void)
{
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) != 0)
    return 0;
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / G_USEC_PER_SEC;
}

static double
find_resident_bytes (void)
{
  g_autofree char *text = NULL;
  unsigned long pages = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) || sscanf (text, "%*u %lu", &pages) != 1)
    return 0;
  return (double) pages * (double) sysconf (_SC_PAGESIZE);
}

static double
find_most_descriptors (void)
{
  struct rlimit limit;

  return getrlimit (RLIMIT_NOFILE, &limit) == 0 ? (double) limit.rlim_cur : 0;
}

static void
add (GString *text, const char *name, const char *type, const char *help, double value)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (text, "# HELP %s %s\n# TYPE %s %s\n%s %s\n", name, help, name, type, name,
                          g_ascii_formatd (number, sizeof number, "%.10g", value));
}

/**
 * dw_process_metrics_add:
 * @text: metrics in Prometheus’ text format
 *
 * Adds what Prometheus’ own client libraries tell of every process, under the same names ("Writing client libraries",
 * process metrics), and `dynamowave_descriptors`. Reads files below `/proc/self`, which do not block.
 */
void
dw_process_metrics_add (GString *text)
{
  guint descriptors = count_descriptors ();

  add (text, "dynamowave_descriptors", "gauge", "Descriptors that are open", descriptors);
  add (text, "process_open_fds", "gauge", "Number of open file descriptors.", descriptors);
  add (text, "process_max_fds", "gauge", "Maximum number of open file descriptors.", find_most_descriptors ());
  add (text, "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
       find_cpu_seconds ());
  add (text, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", find_resident_bytes ());
}
