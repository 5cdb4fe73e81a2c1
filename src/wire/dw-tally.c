/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-tally.h"

#include <string.h>

/* How many words of bits all pairs may have together, and one of them. */
#define WORDS (2 * 1024 * 1024)
#define WORDS_OF_PAIR 16

/* What one receiver knows of one sender. */
typedef struct
{
  guint32 base;    /* what was sent when the receiver joined: those messages are not due */
  guint32 highest; /* the highest number that came */
} Pair;

typedef struct
{
  guint64 sent; /* of all senders, when it joined */
  guint64 own;  /* of itself */
  gboolean is_in;
} Receiver;

struct _DwTally
{
  guint n_receivers;
  guint n_senders;
  char mark[32];
  gsize mark_length;
  Receiver *receivers;
  guint32 *sent; /* by each sender */
  Pair *pairs;
  guint64 *came; /* a ring of bits for each pair, at a message's number modulo its size: whether it came */
  guint words;   /* how many each has */

  guint64 all_sent;
  guint64 expected;
  guint64 received;
  guint64 expected_own; /* of both, those back to the sender */
  guint64 received_own;
  guint64 doubled;
  guint64 disordered;
};

/**
 * dw_tally_new:
 * @receivers: how many receivers
 * @senders: how many of them send; @receivers times @senders is at most %DW_TALLY_PAIRS
 * @run: a random number, which tells these messages from those of another run
 *
 * Returns: (transfer full): a tally without anybody
 */
DwTally *
dw_tally_new (guint receivers, guint senders, guint32 run)
{
  DwTally *self = g_new0 (DwTally, 1);
  gsize pairs = (gsize) receivers * senders;

  self->n_receivers = receivers;
  self->n_senders = senders;
  self->mark_length = (gsize) g_snprintf (self->mark, sizeof self->mark, "load %08x ", run);
  self->receivers = g_new0 (Receiver, receivers);
  self->sent = g_new0 (guint32, senders);
  self->pairs = g_new0 (Pair, pairs);
  self->words = (guint) CLAMP (WORDS / MAX (pairs, 1), 1, WORDS_OF_PAIR);
  self->came = g_new0 (guint64, pairs * self->words);
  return self;
}

/**
 * dw_tally_free:
 * @self: (transfer full): a tally
 */
void
dw_tally_free (DwTally *self)
{
  g_free (self->receivers);
  g_free (self->sent);
  g_free (self->pairs);
  g_free (self->came);
  g_free (self);
}

/**
 * dw_tally_join:
 * @self: a tally
 * @receiver: who is there from now on; for the first time
 */
void
dw_tally_join (DwTally *self, guint receiver)
{
  Receiver *who = &self->receivers[receiver];

  who->is_in = TRUE;
  who->sent = self->all_sent;
  who->own = receiver < self->n_senders ? self->sent[receiver] : 0;
  for (guint i = 0; i < self->n_senders; i++)
    self->pairs[(gsize) receiver * self->n_senders + i] = (Pair){ self->sent[i], self->sent[i] };
}

static void
add_expected (const DwTally *self, guint receiver, guint64 *expected, guint64 *own)
{
  const Receiver *who = &self->receivers[receiver];

  *expected += self->all_sent - who->sent;
  *own += receiver < self->n_senders ? self->sent[receiver] - who->own : 0;
}

/**
 * dw_tally_leave:
 * @self: a tally
 * @receiver: who is gone; what was sent until now was due
 */
void
dw_tally_leave (DwTally *self, guint receiver)
{
  if (!self->receivers[receiver].is_in)
    return;
  add_expected (self, receiver, &self->expected, &self->expected_own);
  self->receivers[receiver].is_in = FALSE;
}

/**
 * dw_tally_write:
 * @self: a tally
 * @sender: who sends
 * @now: the time, in microseconds of any clock, not negative
 * @text: (out caller-allocates): the text of its next message, of at most %DW_TALLY_TEXT_BYTES; digits, letters and spaces
 *
 * The message is not counted before dw_tally_count_sent().
 */
void
dw_tally_write (const DwTally *self, guint sender, gint64 now, char *text)
{
  g_snprintf (text, DW_TALLY_TEXT_BYTES, "%s%u %u %" G_GINT64_FORMAT ".", self->mark, sender,
              self->sent[sender] + 1, now);
}

/**
 * dw_tally_count_sent:
 * @self: a tally
 * @sender: who sent the text that was written last for it
 */
void
dw_tally_count_sent (DwTally *self, guint sender)
{
  self->sent[sender]++;
  self->all_sent++;
}

/* Reads digits, and what ends them. */
static gboolean
take_number (const char **at, const char *end, char after, guint64 most, guint64 *number)
{
  const char *first = *at;

  *number = 0;
  while (*at < end && g_ascii_isdigit (**at))
    {
      *number = *number * 10 + (guint64) (**at - '0');
      if (*number > most)
        return FALSE;
      (*at)++;
    }
  return *at > first && *at < end && *(*at)++ == after;
}

/* Whether it is new; and it is not, from then on. */
static gboolean
take (DwTally *self, guint receiver, guint sender, guint32 number)
{
  gsize index = (gsize) receiver * self->n_senders + sender;
  Pair *pair = &self->pairs[index];
  guint64 *came = self->came + index * self->words;
  guint32 bits = self->words * 64;
  guint64 bit = G_GUINT64_CONSTANT (1) << number % 64;
  guint64 *word = &came[number % bits / 64];

  if (number <= pair->base)
    return FALSE;
  if (number > pair->highest)
    {
      if (number - pair->highest >= bits)
        memset (came, 0, self->words * sizeof *came);
      else
        for (guint32 i = pair->highest + 1; i <= number; i++)
          came[i % bits / 64] &= ~(G_GUINT64_CONSTANT (1) << i % 64);
      pair->highest = number;
      *word |= bit;
      return TRUE;
    }

  if (pair->highest - number >= bits)
    {
      self->disordered++;
      return FALSE;
    }
  if ((*word & bit) != 0)
    {
      self->doubled++;
      return FALSE;
    }
  *word |= bit;
  self->disordered++;
  return TRUE;
}

/**
 * dw_tally_read:
 * @self: a tally
 * @receiver: who received it
 * @payload: a frame's payload, or its beginning; untrusted
 * @length: how many bytes
 * @sent_at: (out): when it was sent, as dw_tally_write() was told; set where it is due and came for the first time,
 *   else -1
 *
 * Looks for the text of a message, wherever the stage has put it, and counts it.
 *
 * Returns: whether it is one of these messages
 */
gboolean
dw_tally_read (DwTally *self, guint receiver, const void *payload, gsize length, gint64 *sent_at)
{
  const char *at = g_strstr_len (payload, (gssize) length, self->mark);
  const char *end = (const char *) payload + length;
  guint64 sender, number, time;

  *sent_at = -1;
  if (at == NULL)
    return FALSE;
  at += self->mark_length;
  if (!take_number (&at, end, ' ', self->n_senders - 1, &sender)
      || !take_number (&at, end, ' ', self->sent[sender], &number) || number == 0
      || !take_number (&at, end, '.', G_MAXINT64, &time))
    return FALSE;

  if (!self->receivers[receiver].is_in || !take (self, receiver, (guint) sender, (guint32) number))
    return TRUE;
  self->received++;
  self->received_own += sender == receiver ? 1 : 0;
  *sent_at = (gint64) time;
  return TRUE;
}

/**
 * dw_tally_get_counts:
 * @self: a tally
 * @counts: (out caller-allocates): the counts so far
 *
 * If no sender ever got a message of its own the stage leaves the sender out, and none of those was due.
 */
void
dw_tally_get_counts (const DwTally *self, DwTallyCounts *counts)
{
  guint64 expected = self->expected, own = self->expected_own;

  for (guint i = 0; i < self->n_receivers; i++)
    if (self->receivers[i].is_in)
      add_expected (self, i, &expected, &own);
  if (self->received_own == 0)
    expected -= own;

  *counts = (DwTallyCounts){ .sent = self->all_sent,
                             .expected = expected,
                             .received = self->received,
                             .lost = expected - MIN (self->received, expected),
                             .doubled = self->doubled,
                             .disordered = self->disordered };
}
