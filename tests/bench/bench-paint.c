/* SPDX-License-Identifier: GPL-3.0-or-later */

/* bench-paint COMMAND...: runs a program on a display without a window manager and prints, on one line, the
 * milliseconds from exec to its first painted window, its private memory in KiB three seconds later, and its process
 * ID. The program is left running. It needs no support for this: the display is observed from outside. */

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a program may take to show something, in microseconds. */
#define DEADLINE_US (30 * G_USEC_PER_SEC)

/* A smaller window is not taken for the program's. */
#define SMALLEST_SIDE 150

typedef struct
{
  int x, y, width, height;
} Area;

static gboolean
find_window (Display *display, Area *area)
{
  XEvent event;

  while (XPending (display) > 0)
    {
      XWindowAttributes attributes;

      XNextEvent (display, &event);
      if (event.type != MapNotify || !XGetWindowAttributes (display, event.xmap.window, &attributes))
        continue;
      if (attributes.override_redirect || attributes.class != InputOutput || attributes.width < SMALLEST_SIDE
          || attributes.height < SMALLEST_SIDE)
        continue;
      *area = (Area){ attributes.x, attributes.y, attributes.width, attributes.height };
      return TRUE;
    }
  return FALSE;
}

/* The screen is black until something is painted on it. */
static gboolean
is_painted (Display *display, const Area *area)
{
  int screen = DefaultScreen (display);
  int top = MAX (area->y, 0);
  int height = MIN (area->y + area->height, DisplayHeight (display, screen)) - top;
  XImage *image = XGetImage (display, DefaultRootWindow (display), area->x + area->width / 2, top, 1,
                             (unsigned int) height, AllPlanes, ZPixmap);
  gboolean painted = FALSE;

  for (int y = 0; y < height && !painted; y++)
    painted = (XGetPixel (image, 0, y) & 0xffffff) != 0;
  XDestroyImage (image);
  return painted;
}

static long
private_memory (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/smaps_rollup", (int) pid);
  g_autofree char *text = NULL;
  long sum = 0;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  for (const char *at = text; (at = strstr (at, "\nPrivate_")) != NULL; at++)
    sum += strtol (strchr (at, ':') + 1, NULL, 10);
  return sum;
}

int
main (int argc, char *argv[])
{
  Display *display = XOpenDisplay (NULL);
  gint64 start;
  Area area = { 0 };
  pid_t child;

  if (display == NULL || argc < 2)
    return 2;
  XSelectInput (display, DefaultRootWindow (display), SubstructureNotifyMask);
  XSync (display, False);
  start = g_get_monotonic_time ();
  child = fork ();
  if (child == 0)
    {
      /* A reader of our line must not have to wait for the program to end. */
      if (freopen ("/dev/null", "w", stdout) == NULL || freopen ("/dev/null", "w", stderr) == NULL)
        _exit (126);
      execvp (argv[1], argv + 1);
      _exit (127);
    }
  while (area.width == 0 ? !find_window (display, &area) : !is_painted (display, &area))
    {
      if (g_get_monotonic_time () - start > DEADLINE_US)
        return 1;
      g_usleep (500);
    }
  printf ("%f", (double) (g_get_monotonic_time () - start) / 1000);
  g_usleep (3 * G_USEC_PER_SEC);
  printf (" %ld %d\n", private_memory (child), (int) child);
  XCloseDisplay (display);
  return 0;
}
