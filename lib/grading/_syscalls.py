"""Which doors of the kernel stay shut within the sandbox, as a program for its seccomp filter.

Refused with EPERM: new processes (threads are free), new namespaces, mounts, tracing, keys,
sockets, kernel programs, profiling, what makes a reader of a pipe wait, and memory that no limit
counts: what a homework never needs. As there is no second process, the limit of one is the limit
of all. Two are said not to exist: `clone3`, so that the C library falls back on `clone`, whose
flags a filter can read, and whatever came to Linux later than this list.

Source: Linux kernel, Documentation/userspace-api/seccomp_filter.rst; the numbers are those of
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

import platform
import struct

NUMBERS = {  # system call: its number on x86_64, on aarch64
    # processes: each would have a limit of its own
    "fork": (57, None),
    "vfork": (58, None),
    # memory and queues that outlive whoever made them, or stand in nobody's limit
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "io_setup": (206, 0),  # its events are counted over the whole machine
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # what holds a pipe while it waits: the judge, who reads it, would wait as long
    "splice": (275, 76),
    "tee": (276, 77),
    "vmsplice": (278, 75),
    "sendfile": (40, 71),
    # the way out: some families, as that of a virtual machine's host, belong to no namespace
    "socket": (41, 198),
    # the rest of the kernel
    "ptrace": (101, 117),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "mount": (165, 40),
    "umount2": (166, 39),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "quotactl": (179, 60),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "finit_module": (313, 273),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "pidfd_getfd": (438, 438),
}
CLONE, CLONE3, FIRST_LATER = (56, 220), 435, 442  # 441, epoll_pwait2, is of Linux 5.11
FCNTL, ON_OTHERS = (72, 25), (1024, 1026)  # F_SETLEASE, F_NOTIFY: they concern others' opening
SOCKETPAIR, AF_UNIX = (53, 199), 1
NEW_SPACES = 0x7E02_0080  # the flags CLONE_NEW… of every namespace
THREAD = 0x0001_0000  # CLONE_THREAD: within the process that asks
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT, SECOND_ARGUMENT_AT = 0, 4, 16, 24
OTHER_ABI = 0x4000_0000  # x86_64 offers a second set of numbers from here on


def known():
    """Tell whether the numbers of this machine's system calls are known."""
    return platform.machine() in MACHINES


def program():
    """Return the filter as bytes, 8 an instruction."""
    column, audit = MACHINES[platform.machine()]
    steps = [(LOAD, 0, 0, MACHINE_AT), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL)]
    steps += [(LOAD, 0, 0, NUMBER_AT), (AT_LEAST, 0, 1, OTHER_ABI), (RETURN, 0, 0, EPERM)]
    steps += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, ENOSYS)]
    steps += [(AT_LEAST, 0, 1, FIRST_LATER), (RETURN, 0, 0, ENOSYS)]
    for numbers in NUMBERS.values():
        if numbers[column] is not None:
            steps += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, EPERM)]
    steps += [(EQUAL, 0, 5, FCNTL[column]), (LOAD, 0, 0, SECOND_ARGUMENT_AT)]
    steps += [(EQUAL, 1, 0, ON_OTHERS[0]), (EQUAL, 0, 1, ON_OTHERS[1])]
    steps += [(RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    steps += [(EQUAL, 0, 4, SOCKETPAIR[column]), (LOAD, 0, 0, FIRST_ARGUMENT_AT)]
    steps += [(EQUAL, 1, 0, AF_UNIX), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    steps += [(EQUAL, 0, 4, CLONE[column]), (LOAD, 0, 0, FIRST_ARGUMENT_AT)]
    steps += [(ANY_BIT, 1, 0, NEW_SPACES), (ANY_BIT, 1, 0, THREAD)]
    steps += [(RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
