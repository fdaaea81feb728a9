/*
 * qr: a text as a QR code, drawn as SVG. The only home of libqrencode; may
 * touch base.
 */
#ifndef ROUTER_QR_H
#define ROUTER_QR_H

#include "base/buf.h"

/* Appends. ERR_LIMIT when the text is too long for a code, ERR_NOMEM. */
int qr_svg(struct buf *out, const char *text) MUST_CHECK;

#endif
