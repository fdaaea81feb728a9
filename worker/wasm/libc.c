/*
 * The few functions of libc that wasi-libc builds on files, and would have
 * the module import from its host: failed assertions, and formatting into
 * memory, with the conversions that our messages use: %d %u %x %c %s %% with
 * l, ll, z, a width, 0, and a precision of strings. For WebAssembly only.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

_Noreturn void __assert_fail(const char *what, const char *file, int line,
			     const char *function);
_Noreturn void __assert_fail(const char *what, const char *file, int line,
			     const char *function)
{
	(void)what;
	(void)file;
	(void)line;
	(void)function;
	__builtin_trap();
}

struct sink {
	char *out;
	size_t size, len; /* len may pass size: what would have been written */
};

static void put(struct sink *s, char c)
{
	if (s->len + 1 < s->size)
		s->out[s->len] = c;
	s->len++;
}

struct format {
	unsigned width, precision;
	bool zero, has_precision;
	unsigned longs; /* 2: 64 bits */
};

static void put_text(struct sink *s, const struct format *f, const char *text)
{
	size_t len = 0;

	while ((!f->has_precision || len < f->precision) && text[len])
		len++;
	for (size_t i = len; i < f->width; i++)
		put(s, ' ');
	for (size_t i = 0; i < len; i++)
		put(s, text[i]);
}

static void put_number(struct sink *s, const struct format *f, uint64_t v,
		       bool negative, unsigned base)
{
	char digits[24];
	unsigned n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative && f->zero)
		put(s, '-');
	for (unsigned i = n + negative; i < f->width; i++)
		put(s, f->zero ? '0' : ' ');
	if (negative && !f->zero)
		put(s, '-');
	while (n)
		put(s, digits[--n]);
}

static const char *read_count(const char *at, unsigned *count, va_list *ap)
{
	if (*at == '*') {
		int n = va_arg(*ap, int);

		*count = n > 0 ? (unsigned)n : 0;
		return at + 1;
	}
	for (*count = 0; *at >= '0' && *at <= '9'; at++)
		*count = *count * 10 + (unsigned)(*at - '0');
	return at;
}

/* After the '%': up to the conversion's letter. */
static const char *read_format(const char *at, struct format *f, va_list *ap)
{
	*f = (struct format){ .zero = *at == '0' };
	at = read_count(at, &f->width, ap);
	if (*at == '.') {
		f->has_precision = true;
		at = read_count(at + 1, &f->precision, ap);
	}
	for (; *at == 'l' || *at == 'z'; at++)
		f->longs += *at == 'l';
	return at;
}

static void convert(struct sink *s, char letter, const struct format *f,
		    va_list *ap)
{
	int64_t n;

	switch (letter) {
	case 'd':
		n = f->longs > 1 ? va_arg(*ap, long long) : va_arg(*ap, int);
		put_number(s, f, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, n < 0,
			   10);
		break;
	case 'u':
	case 'x':
		put_number(s, f,
			   f->longs > 1 ? va_arg(*ap, unsigned long long)
					: va_arg(*ap, unsigned),
			   false, letter == 'x' ? 16 : 10);
		break;
	case 'c':
		put(s, (char)va_arg(*ap, int));
		break;
	case 's':
		put_text(s, f, va_arg(*ap, const char *));
		break;
	case '%':
		put(s, '%');
		break;
	default: /* our own bug: a conversion that is not here */
		__builtin_trap();
	}
}

int vsnprintf(char *restrict out, size_t size, const char *restrict format,
	      va_list args)
{
	struct sink s = { .out = out, .size = size };
	struct format f;
	va_list ap;

	va_copy(ap, args);
	for (const char *at = format; *at; at++) {
		if (*at != '%') {
			put(&s, *at);
			continue;
		}
		at = read_format(at + 1, &f, &ap);
		convert(&s, *at, &f, &ap);
	}
	va_end(ap);
	if (size > 0)
		out[s.len < size ? s.len : size - 1] = '\0';
	return (int)s.len;
}

int snprintf(char *restrict out, size_t size, const char *restrict format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(out, size, format, ap);
	va_end(ap);
	return n;
}
