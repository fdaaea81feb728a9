#include "router/qr.h"

#include <qrencode.h>

enum { QUIET_MODULES = 4 };

/* Modules that follow each other in a row are one run of the path. */
static int add_row(struct buf *out, const unsigned char *row, int width, int y)
{
	int err = 0;

	for (int x = 0; x < width && !err;) {
		int start = x;

		while (x < width && row[x] & 1)
			x++;
		if (x > start)
			err = buf_printf(out, "M%d %dh%dv1h-%dz",
					 start + QUIET_MODULES,
					 y + QUIET_MODULES, x - start,
					 x - start);
		else
			x++;
	}
	return err;
}

int qr_svg(struct buf *out, const char *text)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int err, size;

	if (!code)
		return ERR_LIMIT;
	size = code->width + 2 * QUIET_MODULES;
	err = buf_printf(out,
			 "<svg xmlns=\"http://www.w3.org/2000/svg\" "
			 "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
			 "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
			 "<path d=\"",
			 size, size, size, size);
	for (int y = 0; y < code->width && !err; y++)
		err = add_row(out, code->data + y * code->width, code->width,
			      y);
	QRcode_free(code);
	return err ? err : buf_add_str(out, "\"/></svg>\n");
}
