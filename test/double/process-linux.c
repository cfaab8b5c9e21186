#ifndef _WIN32
#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char **environment_of(const json *parameters) {
    const json *members = json_get(parameters, "Environment");
    size_t count = 0, own = 0;
    while (environ[own]) own++;
    for (const json *at = members ? members->first : NULL; at; at = at->next) count++;
    char **list = calloc(own + count + 1, sizeof *list);
    count = 0;
    for (const json *at = members ? members->first : NULL; at; at = at->next) {
        text entry = {0};
        text_add(&entry, "%s=%s", at->key, at->text ? at->text : "");
        list[count++] = text_take(&entry);
    }
    for (size_t i = 0; i < own; i++) list[count++] = strdup(environ[i]);
    return list;
}

static HANDLE handle_of(int fd) {
    return (HANDLE)(intptr_t)fd;
}

HRESULT start_program(const json *parameters, const int pipes[3], struct program *program) {
    int theirs[3], ours[3] = {0, 0, 0}, ends[2];
    for (int i = 0; i < 3; i++) {
        if (!pipes[i]) {
            theirs[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
            continue;
        }
        if (pipe2(ends, O_CLOEXEC)) return E_INVALID_ARGUMENT;
        theirs[i] = ends[i != 0];
        ours[i] = ends[i == 0];
    }
    text line = {0};
    /* The shell becomes the program, so that the program is what a signal reaches. */
    text_add(&line, "exec %s", json_text(parameters, "CommandLine", ""));
    const char *folder = json_text(parameters, "WorkingDirectory", NULL);
    char *arguments[] = {"sh", "-c", line.bytes, NULL}, **environment = environment_of(parameters);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (folder && *folder) posix_spawn_file_actions_addchdir_np(&actions, folder);
    for (int i = 0; i < 3; i++) posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
    pid_t pid = 0;
    int error = posix_spawn(&pid, "/bin/sh", &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    free(line.bytes);
    for (char **at = environment; *at; at++) free(*at);
    free(environment);
    for (int i = 0; i < 3; i++) {
        close(theirs[i]);
        program->pipes[i] = handle_of(ours[i]);
        if (error && ours[i]) close(ours[i]);
    }
    program->pid = (uint32_t)pid;
    program->process = NULL;
    return error ? (HRESULT)(0x80070000 | (error == ENOENT ? 2 : 87)) : 0;
}

void wait_program(struct program *program) {
    siginfo_t info;
    while (waitid(P_PID, program->pid, &info, WEXITED | WNOWAIT) && errno == EINTR) {}
}

uint32_t end_program(struct program *program) {
    int status = 0;
    while (waitpid((pid_t)program->pid, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? (uint32_t)WEXITSTATUS(status) : 128u + (uint32_t)WTERMSIG(status);
}

void kill_program(struct program *program, int signal) {
    kill((pid_t)program->pid, signal);
}
#endif
