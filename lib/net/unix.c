#include "net/unix.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connects without waiting: 0, or errno. */
static int try_connect(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)a, sizeof *a))
		error = errno;
	close(fd);
	return error;
}

/* Makes room where a socket was left behind. */
static int clear_stale(const struct sockaddr_un *a, struct why *why)
{
	struct stat st;
	int error;

	if (lstat(a->sun_path, &st))
		return errno == ENOENT
			       ? 0
			       : why_set(why, ERR_IO, "%s: %s", a->sun_path,
					 strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return why_set(why, ERR_IO,
			       "%s is there already and is not a socket",
			       a->sun_path);
	error = try_connect(a);
	if (!error || error == EAGAIN)
		return why_set(why, ERR_IO, "%s is in use", a->sun_path);
	if (error != ECONNREFUSED)
		return why_set(why, ERR_IO,
			       "%s: is somebody listening on it? %s",
			       a->sun_path, strerror(error));
	if (unlink(a->sun_path) && errno != ENOENT)
		return why_set(why, ERR_IO, "%s: %s", a->sun_path,
			       strerror(errno));
	return 0;
}

int unix_bind(uv_pipe_t *pipe, const char *path, struct why *why)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int err;

	if (!len || len >= sizeof a.sun_path)
		return why_set(why, ERR_USAGE,
			       "%.60s: the path of a unix socket is of 1 to "
			       "%zu bytes", path, sizeof a.sun_path - 1);
	memcpy(a.sun_path, path, len);
	err = clear_stale(&a, why);
	if (err)
		return err;
	err = uv_pipe_bind(pipe, path);
	if (err)
		return why_set(why, ERR_IO, "can not listen on %s: %s", path,
			       uv_strerror(err));
	/* Before it listens nobody can have connected. */
	if (chmod(path, S_IRUSR | S_IWUSR))
		return why_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	return 0;
}
