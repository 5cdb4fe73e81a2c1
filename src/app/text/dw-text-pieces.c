/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dw-text-pieces.h"

#include "wire/dw-safe-text.h"

/* A paragraph that is cut into pieces, so that it is laid out fast. */
#define LONG_CHARS 512
#define PIECE_CHARS 64

/* Pango measures what is left of a run anew for each line of it, see dw-label.c. A rise of a thousandth of a pixel begins
 * another run, and cannot be seen. */
static void
cut_paragraph (GtkTextBuffer *buffer, GtkTextTag *tag, const GtkTextIter *paragraph)
{
  GtkTextIter start = *paragraph;
  GtkTextIter end = start;
  g_autofree char *text = NULL;
  gboolean odd = FALSE;

  if (!gtk_text_iter_ends_line (&end))
    gtk_text_iter_forward_to_line_end (&end);
  if (gtk_text_iter_get_offset (&end) - gtk_text_iter_get_offset (&start) < LONG_CHARS)
    return;
  gtk_text_buffer_remove_tag (buffer, tag, &start, &end);
  text = gtk_text_buffer_get_slice (buffer, &start, &end, TRUE);
  for (const char *at = text; *at != '\0'; odd = !odd)
    {
      GtkTextIter piece = start;
      guint chars = 0;

      while (*at != '\0' && chars < PIECE_CHARS)
        {
          guint n;

          at = dw_safe_text_next (at, &n);
          chars += n;
        }
      gtk_text_iter_forward_chars (&piece, (int) chars);
      if (odd)
        gtk_text_buffer_apply_tag (buffer, tag, &start, &piece);
      start = piece;
    }
}

/* Text typed letter by letter is cut when the next text is pasted. */
static void
on_inserted (GtkTextBuffer *buffer, GtkTextIter *at, const char *text, int length, GtkTextTag *tag)
{
  GtkTextIter paragraph = *at;

  if (length >= 0 && length < LONG_CHARS)
    return;
  gtk_text_iter_backward_chars (&paragraph, (int) g_utf8_strlen (text, length));
  gtk_text_iter_set_line_offset (&paragraph, 0);
  do
    cut_paragraph (buffer, tag, &paragraph);
  while (gtk_text_iter_forward_line (&paragraph) && gtk_text_iter_compare (&paragraph, at) <= 0);
}

/**
 * dw_text_pieces_cut:
 * @buffer: a buffer that is shown
 *
 * Has long paragraphs that are put into it laid out in pieces; the text stays as it is.
 */
void
dw_text_pieces_cut (GtkTextBuffer *buffer)
{
  GtkTextTag *tag = gtk_text_buffer_create_tag (buffer, NULL, "rise", 1, NULL);

  g_signal_connect_after (buffer, "insert-text", G_CALLBACK (on_inserted), tag);
}
