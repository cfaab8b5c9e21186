import { FormatError } from "../../format-error.ts";
import { INODE_NUMBER } from "../constants.ts";
import { directoryParts } from "../reader/directory-reader.ts";
import type { Finding } from "./finding.ts";
import type { Verification } from "./verification.ts";

/** Directories that are searched for names at most, so that telling names takes no longer than finding faults. */
const SEARCHED_MAX = 10_000;
const DEPTH_MAX = 100;

/** Finds a path of each inode that findings name, where one can be told. */
export function pathsOf(verification: Verification, findings: readonly Finding[]): Map<number, string> {
  const paths = new Map<number, string>([[INODE_NUMBER.root, "/"]]);
  const wanted = new Set(findings.flatMap(({ inode }) => inode ?? []));
  wanted.delete(INODE_NUMBER.root);
  if (wanted.size === 0) return paths;
  const queue: { number: number; path: string; depth: number }[] = [
    { number: INODE_NUMBER.root, path: "", depth: 0 },
  ];
  let searched = 0;
  for (let next = queue.pop(); next !== undefined && searched < SEARCHED_MAX; next = queue.pop()) {
    searched++;
    for (const { name, inode } of namesIn(verification, next.number)) {
      const path = `${next.path}/${name}`;
      if (wanted.has(inode) && !paths.has(inode)) paths.set(inode, path);
      const isBelow = verification.parents.get(inode) === next.number && verification.directories.has(inode);
      if (isBelow && next.depth < DEPTH_MAX) queue.push({ number: inode, path, depth: next.depth + 1 });
    }
    if ([...wanted].every((inode) => paths.has(inode))) break;
  }
  return paths;
}

function* namesIn(
  { image, inodes }: Verification,
  number: number,
): Generator<{ name: string; inode: number }, void> {
  try {
    for (const { names } of directoryParts(image, inodes.raw(number), () => undefined)) {
      for (const { name, inode } of names) if (name !== "." && name !== "..") yield { name, inode };
    }
  } catch (error) {
    // What is wrong with the directory has been told.
    if (!(error instanceof FormatError)) throw error;
  }
}
