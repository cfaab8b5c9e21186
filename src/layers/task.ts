/** How long work tells of itself and can be stopped. */
export interface Task {
  /** Is told how many bytes are done, and how many there are in all if that is known. */
  onProgress?: (done: number, total: number | undefined) => void;
  /** Is told, in one line, of what could not be kept. */
  onWarning?: (message: string) => void;
  /** Stops the work; nothing of it is left then. */
  signal?: AbortSignal;
}
