/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-load-plan.h"

#include "dw-command.h"

#include "wire/dw-limits.h"
#include "wire/dw-tally.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What API Gateway takes for WebSocket APIs in us-east-1, in dollars: a message is counted in steps of 32 KB, and each
 * delivery is one ("Amazon API Gateway pricing", 2025). */
#define DOLLARS_A_MESSAGE 1e-6
#define DOLLARS_A_MINUTE 0.25e-6
#define BYTES_A_MESSAGE 32768

/* What a frame has around its message, at most; a broadcast has an id and a time too. */
#define ENVELOPE_BYTES 512

const GOptionEntry dw_load_option_entries[] = {
  { "connections", 0, 0, G_OPTION_ARG_INT, DW_OPTION (DwLoadOptions, connections),
    N_ ("How many connections to open (default 10)"), N_ ("N") },
  { "rate", 0, 0, G_OPTION_ARG_DOUBLE, DW_OPTION (DwLoadOptions, rate),
    N_ ("Messages to send per second, in total (default 1)"), N_ ("N") },
  { "duration", 0, 0, G_OPTION_ARG_INT, DW_OPTION (DwLoadOptions, seconds), N_ ("How long to send (default 10)"),
    N_ ("SECONDS") },
  { "senders", 0, 0, G_OPTION_ARG_INT, DW_OPTION (DwLoadOptions, senders),
    N_ ("How many connections send (default 1)"), N_ ("N") },
  { "ramp", 0, 0, G_OPTION_ARG_DOUBLE, DW_OPTION (DwLoadOptions, ramp),
    N_ ("Connections to open per second (default 100; an AWS account allows 500)"), N_ ("N") },
  { "size", 0, 0, G_OPTION_ARG_INT, DW_OPTION (DwLoadOptions, size), N_ ("Message size in bytes"), N_ ("N") },
  { "drain", 0, 0, G_OPTION_ARG_INT, DW_OPTION (DwLoadOptions, drain),
    N_ ("How long to wait for the last deliveries (default 10)"), N_ ("SECONDS") },
  { "max-p99", 0, 0, G_OPTION_ARG_STRING, DW_OPTION (DwLoadOptions, max_p99),
    N_ ("Exit with status 1 if the 99th percentile of the latency is above this many milliseconds"), N_ ("N") },
  { "max-lost", 0, 0, G_OPTION_ARG_STRING, DW_OPTION (DwLoadOptions, max_lost),
    N_ ("Exit with status 1 if more deliveries than this are lost"), N_ ("N") },
  { "report", 0, 0, G_OPTION_ARG_FILENAME, DW_OPTION (DwLoadOptions, report),
    N_ ("Write a page with the latency over time, or only the chart if the name ends in .svg"), "FILE" },
  { "yes", 'y', 0, G_OPTION_ARG_NONE, DW_OPTION (DwLoadOptions, yes), N_ ("Don’t ask before the load starts"),
    NULL },
  { NULL },
};

/* 0 stands for what was not given. */
static gboolean
check (const char *option, double value, double most, GError **error)
{
  if (value >= 0 && value <= most)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, _ ("%s must be between 0 and %.0f."), option, most);
  return FALSE;
}

static gboolean
read_threshold (const char *option, const char *text, gint64 *value, GError **error)
{
  guint64 number = 0;

  *value = -1;
  if (text == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &number, NULL))
    return check (option, -1, G_MAXINT, error);
  *value = (gint64) number;
  return TRUE;
}

static guint
or_default (int value, guint instead)
{
  return value > 0 ? (guint) value : instead;
}

/**
 * dw_load_plan_make:
 * @plan: (out caller-allocates): the load
 * @options: what the command line says
 * @error: %G_OPTION_ERROR_BAD_VALUE
 *
 * Returns: whether it is within bounds
 */
gboolean
dw_load_plan_make (DwLoadPlan *plan, const DwLoadOptions *options, GError **error)
{
  if (!check ("--connections", options->connections, DW_LOAD_CONNECTIONS, error)
      || !check ("--rate", options->rate, DW_LOAD_RATE, error)
      || !check ("--duration", options->seconds, DW_LOAD_SECONDS, error)
      || !check ("--ramp", options->ramp, DW_LOAD_RATE, error)
      || !check ("--size", options->size, DW_LIMIT_FRAME_BYTES - ENVELOPE_BYTES, error)
      || !check ("--drain", options->drain, DW_LOAD_DRAIN_MOST_S, error)
      || !read_threshold ("--max-p99", options->max_p99, &plan->max_p99_ms, error)
      || !read_threshold ("--max-lost", options->max_lost, &plan->max_lost, error))
    return FALSE;

  plan->connections = or_default (options->connections, 10);
  plan->seconds = or_default (options->seconds, 10);
  plan->size = or_default (options->size, 0);
  plan->drain_s = or_default (options->drain, DW_LOAD_DRAIN_S);
  plan->rate = options->rate > 0 ? options->rate : 1;
  plan->ramp = options->ramp > 0 ? options->ramp : 100;
  if (!check ("--senders", options->senders, MIN (plan->connections, DW_TALLY_PAIRS / plan->connections), error))
    return FALSE;
  plan->senders = or_default (options->senders, 1);
  return TRUE;
}

/**
 * dw_load_plan_get_price:
 * @plan: a load
 *
 * Returns: what API Gateway takes for it, in dollars, if each message is broadcast to each connection
 */
double
dw_load_plan_get_price (const DwLoadPlan *plan)
{
  double minutes = (plan->seconds + plan->connections / plan->ramp / 2) / 60;
  guint steps = (plan->size + ENVELOPE_BYTES + BYTES_A_MESSAGE - 1) / BYTES_A_MESSAGE;

  return plan->rate * plan->seconds * steps * (1.0 + plan->connections) * DOLLARS_A_MESSAGE
         + plan->connections * minutes * DOLLARS_A_MINUTE;
}

/* The answer of a person: only “y” and “yes” are. */
static gboolean
ask (void)
{
  char answer[8] = "";

  g_printerr (_ ("Continue? [y/N] "));
  if (fgets (answer, sizeof answer, stdin) == NULL)
    return FALSE;
  g_strstrip (answer);
  return g_ascii_strcasecmp (answer, "y") == 0 || g_ascii_strcasecmp (answer, "yes") == 0;
}

/**
 * dw_load_plan_consent:
 * @plan: a load
 * @url: where to
 * @yes: whether somebody agreed on the command line
 *
 * What goes beyond this computer costs money and can hurt others, so a person is told and asked. Blocks.
 *
 * Returns: whether it may start
 */
gboolean
dw_load_plan_consent (const DwLoadPlan *plan, const DwStageUrl *url, gboolean yes)
{
  if (dw_stage_url_is_loopback (url))
    return TRUE;

  g_printerr (
      _ ("%u connections to %s, %.0f messages broadcast to all of them: about $%.2f at API Gateway’s prices, "
         "without Lambda and DynamoDB.\n"),
      plan->connections, dw_stage_url_get_host (url), plan->rate * plan->seconds, dw_load_plan_get_price (plan));
  if (plan->ramp > DW_LOAD_RAMP)
    g_printerr (_ ("This opens more than %d connections per second, which is what an AWS account allows.\n"),
                DW_LOAD_RAMP);
  if (yes)
    return TRUE;
  if (isatty (STDIN_FILENO))
    return ask ();
  g_printerr (_ ("Use --yes if you mean it.\n"));
  return FALSE;
}
