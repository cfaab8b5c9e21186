// Plays the engine's part at a console socket: Node cannot receive descriptors, Python can.
import { spawn, type ChildProcess } from "node:child_process";

const PROGRAM = `
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(1)
print("listening", flush=True)
connection, _ = server.accept()
message, descriptors, _, _ = socket.recv_fds(connection, 4096, 4)
print("message", message.decode(), len(descriptors), os.isatty(descriptors[0]), flush=True)
if len(sys.argv) > 2:
    os.write(descriptors[0], sys.argv[2].encode())
while True:
    try:
        text = os.read(descriptors[0], 4096)
    except OSError:
        break
    if not text:
        break
    os.write(1, text)
`;

/** A listener at a console socket. */
export interface ConsoleReceiver {
  /** Everything it has said: \`message ...\` about the descriptor, then what came out of the terminal. */
  output(): string;
  process: ChildProcess;
  /** Waits until it has ended and everything that it said has come. */
  ended: Promise<void>;
}

/** Listens at a socket for a terminal, types a text into it, and shows what comes out of it. */
export async function receiveConsole(socket: string, typed?: string): Promise<ConsoleReceiver> {
  const words = ["-c", PROGRAM, socket, ...(typed === undefined ? [] : [typed])];
  const child = spawn("/usr/bin/python3", words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const listening = new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.startsWith("listening\n")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`The console's receiver ended with ${code}`)));
  });
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  await listening;
  return { output: () => output.slice("listening\n".length), process: child, ended };
}
