/* What the tests run, in a system or as a hook: program MODE [ARGUMENT [CODE]]. It also plays commands of a
 * guest. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#define end(code) ExitProcess(code)
#define rest() Sleep(INFINITE)
#else
#include <unistd.h>
#define end(code) _exit((int)(code))
#define rest() pause()
#endif

static char bytes[65536];

/* Copies standard input to standard output until its end, if `copy` is 1. Gives the number of bytes. */
static long long copy_input(int copy) {
    long long total = 0;
    for (size_t count; (count = fread(bytes, 1, copy ? 1 : sizeof bytes, stdin)) > 0; total += (long long)count)
        if (copy) {
            fwrite(bytes, 1, count, stdout);
            if (bytes[0] == '\n') fflush(stdout);
        }
    return total;
}

static void spew(long long count) {
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i % 251);
    for (; count > 0; count -= (long long)sizeof bytes) {
        size_t length = count < (long long)sizeof bytes ? (size_t)count : sizeof bytes;
        if (fwrite(bytes, 1, length, stdout) < length) end(3);
    }
}

static void spew_error(long long count) {
    for (; count > 0; count--) putc('e', stderr);
}

/* Reads so many bytes of standard input and no more. */
static void take(long long count) {
    while (count > 0 && getc(stdin) != EOF) count--;
}

/* ---- What the tests need of the commands of a Linux guest ---- */

/* Finds the host's path of a disk of this guest. */
static int find_disk(int controller, int lun, char *path) {
    const char *at = getenv("GUEST_DISKS");
    for (int known_controller, known_lun; at && *at; at = strchr(at, '|') + 1) {
        if (sscanf(at, "%d:%d=%1023[^|]", &known_controller, &known_lun, path) != 3) return 0;
        if (known_controller == controller && known_lun == lun) return 1;
    }
    return 0;
}

/* What a test has ordered for a disk: a word, and maybe a number, in a file beside it. */
static char order[32];
static int order_number;

static void read_order(const char *disk) {
    char path[1100];
    snprintf(path, sizeof path, "%s.guest", disk);
    FILE *file = fopen(path, "r");
    if (!file) return;
    if (fscanf(file, "%31s %d", order, &order_number) < 1) order[0] = 0;
    fclose(file);
    if (strcmp(order, "late") || order_number <= 0 || !(file = fopen(path, "w"))) return;
    fprintf(file, "late %d", order_number - 1);
    fclose(file);
}

static int is_ordered(const char *word) {
    return !strcmp(order, word);
}

/* Finds a disk by its folder in sysfs, and whether that is the folder of its block device. */
static int find_folder(const char *folder, char *path) {
    int controller, lun, length = 0;
    if (sscanf(folder, "/sys/bus/scsi/devices/%d:0:0:%d%n", &controller, &lun, &length) != 2) return 0;
    return !strcmp(folder + length, "/block") && find_disk(controller, lun, path) ? lun + 1 : 0;
}

static int guest_test(int argc, char **argv) {
    char path[1024];
    if (argc != 4 || strcmp(argv[2], "-d") || !find_folder(argv[3], path)) return 1;
    read_order(path);
    return is_ordered("late") && order_number > 0;
}

static int guest_ls(int argc, char **argv) {
    char path[1024];
    int number = argc == 3 ? find_folder(argv[2], path) : 0;
    if (!number) return 2;
    read_order(path);
    if (is_ordered("strange")) printf("../sda\n");
    else if (!is_ordered("nothing")) printf("sd%c\n", 'a' + number - 1);
    return 0;
}

/* Linux makes the file system; Windows, which cannot, notes with which words it was to be made. */
static int guest_mkfs(int argc, char **argv) {
    char path[1024];
    const char *device = argv[argc - 1];
    if (strncmp(device, "/dev/sd", 7) || !find_disk(0, device[7] - 'a', path)) return 1;
    read_order(path);
    if (is_ordered("hang")) rest();
    if (is_ordered("refuse")) {
        fprintf(stderr, "mkfs.ext4: Device size reported to be zero.\n  Invalid partition\n");
        return 1;
    }
#ifdef _WIN32
    FILE *file = fopen(path, "wb");
    if (!file) return 1;
    for (int i = 1; i < argc; i++) fprintf(file, i == 1 ? "%s" : " %s", argv[i]);
    return fclose(file);
#else
    argv[argc - 1] = path;
    execvp("mkfs.ext4", argv + 1);
    return 127;
#endif
}

/* ---- What the tests need of the commands of a Windows guest ---- */

/* Finds what a variable's list NAME=VALUE|NAME=VALUE| has for a name. */
static int find_listed(const char *variable, const char *name, size_t length, char *value) {
    for (const char *at = getenv(variable); at && *at; at = strchr(at, '|') + 1)
        if (!strncmp(at, name, length) && at[length] == '=')
            return sscanf(at + length + 1, "%1023[^|]", value) == 1;
    return 0;
}

/* Finds the host's path of a share, or of a file in one, by its path in the guest. */
static int find_shared(const char *guest, char *path) {
    static const char root[] = "\\\\?\\VMSMB\\VSMB-{dcc079ae-60ba-4d07-847c-3493609c0870}\\";
    if (strncmp(guest, root, sizeof root - 1)) return 0;
    const char *name = guest + sizeof root - 1, *rest = name + strcspn(name, "/\\");
    if (!find_listed("GUEST_SHARES", name, (size_t)(rest - name), path)) return 0;
    strncat(path, rest, 1023 - strlen(path));
    return 1;
}

static int ends_with(const char *word, const char *ending) {
    size_t length = strlen(word), end = strlen(ending);
    return length >= end && !strcmp(word + length - end, ending);
}

/* device-util.exe children --parentID=VMBUS\TYPE\{GUID} --property=location: the path of a location stands for the
 * device of the host that is there. */
static int guest_device_util(int argc, char **argv) {
    static const char parent[] = "--parentID=VMBUS\\{44c4f61d-4444-4400-9d52-802e27ede19f}\\{";
    char path[1024], device[1024];
    if (argc != 5 || strcmp(argv[2], "children") || strncmp(argv[3], parent, sizeof parent - 1) ||
        strcmp(argv[4], "--property=location") || !find_shared(argv[1], path))
        return 2;
    read_order(path);
    if (is_ordered("refuse")) {
        fprintf(stderr, "Element not found.\n");
        return 1;
    }
    int found = find_listed("GUEST_PCI", argv[3] + sizeof parent - 1, 36, device);
    if (is_ordered("nothing") || (is_ordered("late") && order_number > 0)) found = 0;
    printf(is_ordered("two") && found ? "VPCI(%s),VPCI(second)\n" : found ? "VPCI(%s)\n" : "\n", device);
    return 0;
}

/* cmd /c C:\Windows\System32\pnputil.exe /add-driver, all files of a folder that end in .inf, /subdirs /install: notes
 * in a file beside the folder that they were installed. */
static int guest_cmd(int argc, char **argv) {
    static const char *const words[] = {"/c", "C:\\Windows\\System32\\pnputil.exe", "/add-driver", NULL, "/subdirs",
                                        "/install"};
    char path[1024];
    if (argc != 8 || !ends_with(argv[5], "/*.inf")) return 2;
    for (int i = 0; i < 6; i++)
        if (words[i] && strcmp(words[i], argv[i + 2])) return 2;
    argv[5][strlen(argv[5]) - strlen("/*.inf")] = 0;
    if (!find_shared(argv[5], path)) return 3;
    read_order(path);
    if (is_ordered("refuse")) {
        printf("Failed to add driver package.\n");
        return order_number;
    }
    strncat(path, ".installed", 1023 - strlen(path));
    FILE *file = fopen(path, "ab");
    if (!file) return 5;
    fprintf(file, "installed ");
    return fclose(file);
}

/* Adds the variable NOTE and the standard input to a file, as one line. */
static int note(const char *path) {
    FILE *file = fopen(path, "ab");
    if (!file) return 5;
    fprintf(file, "%s ", getenv("NOTE") ? getenv("NOTE") : "");
    for (size_t count; (count = fread(bytes, 1, sizeof bytes, stdin)) > 0;) fwrite(bytes, 1, count, file);
    return fprintf(file, "\n") < 0 || fclose(file) ? 5 : 0;
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";
#ifdef _WIN32
    _setmode(0, _O_BINARY);
    _setmode(1, _O_BINARY);
    _setmode(2, _O_BINARY);
#endif
    if (!strcmp(mode, "exit")) end((uint32_t)strtoul(argument, NULL, 10));
    if (!strcmp(mode, "note")) {
        int failed = note(argument);
        fprintf(stderr, "noted\n");
        fflush(stderr);
        end(failed ? failed : argc > 3 ? atoi(argv[3]) : 0);
    }
    if (!strcmp(mode, "silent")) rest();
    if (!strcmp(mode, "cat")) copy_input(1);
    if (!strcmp(mode, "count")) printf("%lld", copy_input(0));
    if (!strcmp(mode, "spew")) spew(strtoll(argument, NULL, 10));
    if (!strcmp(mode, "complain")) spew_error(strtoll(argument, NULL, 10));
    if (!strcmp(mode, "take")) take(strtoll(argument, NULL, 10));
    if (!strcmp(mode, "test")) end(guest_test(argc, argv));
    if (!strcmp(mode, "mkfs.ext4")) end(guest_mkfs(argc, argv));
    if (!strcmp(mode, "ls")) {
        int code = guest_ls(argc, argv);
        fflush(stdout);
        end(code);
    }
    if (!strcmp(mode, "cmd") || ends_with(mode, "device-util.exe")) {
        int code = *mode == 'c' ? guest_cmd(argc, argv) : guest_device_util(argc, argv);
        fflush(stdout);
        end(code);
    }
    if (!strcmp(mode, "variable")) printf("%s", getenv(argument) ? getenv(argument) : "");
    if (!strcmp(mode, "both")) {
        fprintf(stdout, "to stdout");
        fprintf(stderr, "to stderr");
    }
    return fflush(stdout) ? 4 : 0;
}
