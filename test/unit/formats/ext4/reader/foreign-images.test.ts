import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Ext4Reader } from "../../../../../src/formats/ext4/reader/ext4-reader.ts";
import { ImageFault } from "../../../../../src/formats/ext4/reader/image-fault.ts";
import { check, CLEAN, seen } from "../image-harness.ts";
import {
  changeMounted,
  debugfs,
  makeImage,
  makeTree,
  readImage,
  reading,
  shell,
  verified,
  withoutBlocks,
  workFolder,
} from "./foreign-image.ts";

const folder = workFolder();
const tree = join(folder, "tree");
const image = join(folder, "image");

beforeAll(() => makeTree(tree));

/** Requires that reader and kernel see the same, and that the verifier and e2fsck have nothing to say. */
function expectAlike(): void {
  expect(verified(image)).toEqual([]);
  expect(check(image)).toEqual(CLEAN);
  const found = readImage(image);
  const expected = withoutBlocks(seen(image));
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
  expect(found).toEqual(expected);
}

describe("Ext4Reader sees what the kernel sees in what mke2fs makes", () => {
  test.each([
    ["its defaults", ""],
    ["no extents", "-O ^extent,^64bit"],
    ["ext3 without journal", "-O ^extent,^64bit,^has_journal,^flex_bg,^huge_file,^metadata_csum"],
    ["ext2", "-O none,filetype,sparse_super,large_file,ext_attr"],
    ["the first revision's features", "-O none,sparse_super,ext_attr"],
    ["32-bit descriptors", "-O ^64bit"],
    ["no checksums", "-O ^metadata_csum"],
    ["group checksums", "-O ^metadata_csum,uninit_bg"],
    ["a checksum seed", "-O metadata_csum_seed"],
    ["data in inodes", "-O inline_data -I 256"],
    ["data in large inodes", "-O inline_data -I 1024"],
    ["no index", "-O ^dir_index"],
    ["blocks of 1 KiB", "-b 1024"],
    ["blocks of 2 KiB", "-b 2048"],
    ["blocks of 1 KiB, no extents", "-b 1024 -O ^extent,^64bit"],
    ["inodes of 128 bytes", "-I 128"],
    ["inodes of 512 bytes", "-I 512"],
    ["values in inodes", "-O ea_inode"],
    ["meta groups", "-O meta_bg,^resize_inode -b 1024 -g 1024"],
    ["many small groups", "-b 1024 -g 512 -O ^flex_bg"],
    ["two backups", "-O sparse_super2"],
    ["no backups", "-O sparse_super2 -E num_backup_sb=0"],
    ["clusters", "-O bigalloc -C 16384 -b 1024"],
    ["an orphan file", "-O orphan_file"],
    ["protection against double mounts", "-O mmp"],
    ["large directories", "-O large_dir"],
    ["a label", "-L a-label -M /mnt"],
  ])("with %s", (_, options) => {
    makeImage(image, "128M", options, tree);
    expectAlike();
  });

  test("after resize2fs has made it larger", () => {
    makeImage(image, "20M", "-b 1024 -g 2048", undefined);
    changeMounted(image, "printf kept > file; mkdir folder");
    shell('truncate -s 200M "$1"; e2fsck -fy "$1"; resize2fs "$1"', image);
    expectAlike();
  });

  test("where blocks have 64 KiB, whose directories no kernel with smaller pages mounts", () => {
    makeImage(image, "128M", "-b 65536 -F", tree);
    expect(verified(image)).toEqual([]);
    expect(check(image)).toEqual(CLEAN);
    const found = readImage(image);
    makeImage(image, "128M", "", tree);
    const expected = readImage(image);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [path, file] of Object.entries(found)) {
      const isAlike = path !== "" && path !== "lost+found";
      if (isAlike)
        expect({ path, sha256: file.sha256, xattrs: file.xattrs }).toEqual(alike(path, expected[path]));
    }
  });
});

function alike(path: string, file: ReturnType<typeof readImage>[string] | undefined): object {
  return { path, sha256: file?.sha256, xattrs: file?.xattrs };
}

describe("Ext4Reader sees what the kernel has written:", () => {
  test("a file of many fragments, holes and blocks that were never written", () => {
    makeImage(image, "256M", "-b 1024");
    changeMounted(
      image,
      `python3 - <<'END'
import os
with open("fragments", "wb") as f:
    for n in range(4000): f.seek(n * 3000); f.write(bytes([n & 255]) * 900)
    f.truncate(20000000)
END
fallocate -l 5000000 unwritten; printf begin | dd of=unwritten conv=notrunc status=none
touch kept; fallocate -n -l 3000000 kept; printf x > kept-too; fallocate -n -o 100000 -l 100000 kept-too
fallocate -p -o 4096 -l 40960 fragments`,
    );
    expectAlike();
  });

  test("the same without extents", () => {
    makeImage(image, "256M", "-b 1024 -O ^extent,^64bit,^metadata_csum");
    changeMounted(
      image,
      `python3 - <<'END'
with open("fragments", "wb") as f:
    for at in (0, 11 * 1024, 12 * 1024, 268 * 1024, 300 * 1024, 65804 * 1024, 70000 * 1024):
        f.seek(at); f.write(bytes([at // 1024 % 255 + 1]) * 5000)
with open("dense", "wb") as f: f.write(bytes(range(256)) * 40000)
END`,
    );
    expectAlike();
  });

  test("directories of 60000 entries, after most have gone again", () => {
    makeImage(image, "256M", "-N 70000 -b 1024 -O large_dir");
    changeMounted(
      image,
      `python3 - <<'END'
import os
os.mkdir("many"); os.mkdir("few")
for n in range(60000): os.symlink("t", f"many/{n:05}-{'n' * (n % 60)}")
for n in range(3000): os.mkdir(f"few/{n}")
for n in range(0, 60000, 3): os.unlink(f"many/{n:05}-{'n' * (n % 60)}")
END`,
    );
    expectAlike();
  }, 180_000);

  test("extended attributes of every place and size, shared and not", () => {
    makeImage(image, "128M", "-O ea_inode");
    changeMounted(
      image,
      `python3 - <<'END'
import os
for n in range(20):
    open(f"f{n}", "w").close()
    os.setxattr(f"f{n}", "user.shared", b"s" * 3000)
    os.setxattr(f"f{n}", f"user.own{n}", bytes([n]) * n * 10)
open("large", "w").close()
for n, size in enumerate((5000, 40000, 65536)): os.setxattr("large", f"user.large{n}", os.urandom(size))
for n in range(6): os.setxattr("large", f"trusted.t{n}", b"t" * n)
open("same", "w").close(); os.setxattr("same", "user.same", b"q" * 60000)
open("same2", "w").close(); os.setxattr("same2", "user.same", b"q" * 60000)
END
setfacl -m u:1:r,u:2:w,g:3:x,m:rwx f1; setcap cap_sys_admin,cap_chown=ep f2
setfattr -n security.selinux -v context f3; chattr +i f4; chattr -i f4`,
    );
    expectAlike();
  });

  test("small files and directories in their inodes, as they grow and shrink", () => {
    makeImage(image, "64M", "-O inline_data -I 512");
    changeMounted(
      image,
      `mkdir d e; for n in 0 1 59 60 61 150 200 300 400 500; do head -c $n /dev/urandom > d/$n; done
for n in $(seq 8); do touch e/$n; done; rm e/3 e/5; truncate -s 30 d/200; truncate -s 3000000 d/300
for n in $(seq 200); do mkdir d/dir$n; done; rmdir d/dir5*; setfattr -n user.x -v 1 e d/59`,
    );
    expectAlike();
  });

  test("times, owners and devices at their limits", () => {
    makeImage(image, "16M", "");
    changeMounted(
      image,
      `python3 - <<'END'
import os, stat
for n, t in enumerate((-2**31, -1, 0, 2**31, 2**32 + 5, 2**33, 2**34 - 2**31 - 1)):
    open(f"t{n}", "w").close(); os.utime(f"t{n}", ns=(t * 10**9 + 999999999, t * 10**9 + 1))
open("owner", "w").close(); os.chown("owner", 2**32 - 2, 2**31)
for n, (a, b) in enumerate(((255, 255), (256, 0), (0, 256), (4095, 1048575), (1, 1048575))):
    os.mknod(f"d{n}", stat.S_IFCHR | 0o600, os.makedev(a, b))
END`,
    );
    expectAlike();
  });

  test("quota files, which have no names", () => {
    makeImage(image, "64M", "-O quota,project");
    expect(verified(image)).toEqual([]);
    expect(check(image)).toEqual(CLEAN);
    expect(Object.keys(readImage(image))).toEqual(["", "lost+found"]);
  });
});

describe("Ext4Reader refuses, in one line,", () => {
  const refusal = (): unknown => {
    try {
      reading(image, (source) => [...new Ext4Reader(source).walk()]);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test("names of any case, by the name of the feature", () => {
    makeImage(image, "16M", "-O casefold");
    const message = 'Cannot read the ext4 image: it uses the feature "casefold", which is not supported';
    expect(refusal()).toMatchObject({ message });
  });

  test("a journal that has not been carried out, and tells how to do it", () => {
    makeImage(image, "16M", "");
    debugfs(image, "feature needs_recovery");
    expect(refusal()).toBeInstanceOf(ImageFault);
    expect(refusal()).toMatchObject({
      message: "Cannot read the ext4 image: its journal holds changes that have not reached their places",
      hint: "Let e2fsck -p FILE carry them out, or mount and unmount the image",
    });
  });

  test("an encrypted directory, but not the image that has it", () => {
    makeImage(image, "16M", "-O encrypt", undefined);
    changeMounted(image, "mkdir plain; printf x > plain/file; mkdir secret");
    debugfs(image, "set_inode_field /secret flags 0x80800");
    expect(refusal()).toMatchObject({ message: expect.stringMatching(/inode \d+: it is encrypted$/) });
  });

  test("something else", () => {
    writeFileSync(image, Buffer.alloc(100_000, 7));
    expect(refusal()).toMatchObject({ message: "Cannot read the ext4 image: it has no ext4 superblock" });
    writeFileSync(image, Buffer.alloc(100));
    expect(refusal()).toMatchObject({
      message: "Cannot read the ext4 image: it has 100 bytes, too few for a superblock",
    });
  });
});
