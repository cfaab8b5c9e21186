// A file that remembers how it was before each write and at each flush: how a program may leave it that is killed.
import { MemoryFile } from "./memory-file.ts";

export class RecordedFile extends MemoryFile {
  readonly states: MemoryFile[] = [];

  override write(chunks: readonly Uint8Array[], position: number): void {
    this.states?.push(this.copy());
    super.write(chunks, position);
  }

  override flush(): void {
    this.states.push(this.copy());
  }

  /** Forgets what was so far. */
  forget(): void {
    this.states.length = 0;
  }
}
