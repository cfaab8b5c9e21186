/**
 * Requests to a process of runhcs that stays behind: one connection for each, with one JSON object from the client and
 * a result from the server, see result-protocol.ts.
 *
 * Only administrators can make a pipe with this prefix, so nobody else can pose as the server. Whoever may not write to
 * it cannot ask for anything either: a connection alone means nothing.
 */
import { createServer, connect, type Server, type Socket } from "node:net";
import { parseJson, stringifyJson } from "../../../base/lossless-json.ts";
import { OWNER_PIPES } from "../../vm-owners.ts";
import { resultBytes, SUCCESS } from "./result-protocol.ts";

const PREFIX = "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\";

/** A longer request is none of ours. */
const LONGEST_REQUEST = 64 * 1024;
/** Milliseconds in which a client has to say what it wants. */
const REQUEST_TIMEOUT = 10_000;

/** What is asked of the server. */
export interface PipeRequest {
  /** The container. */
  ID: string;
  Op: string;
}

/**
 * Answers a request.
 *
 * @param clientIsGone is over when the client has closed the connection, which it keeps while it uses the answer
 * @returns the text of the error, undefined for success
 */
export type AnswerRequest = (
  request: PipeRequest,
  clientIsGone: Promise<void>,
) => Promise<string | undefined>;

/** The pipe of the shim of a container's first process. */
export function shimPipe(uniqueId: string): string {
  return `${PREFIX}runhcs-shim-${uniqueId}`;
}

/** The pipe of the owner of a VM. */
export function vmPipe(uniqueId: string): string {
  return OWNER_PIPES + uniqueId;
}

/** Serves requests, several at once, until the server is closed. Rejects if the pipe cannot be made. */
export async function serveRequests(pipe: string, answer: AnswerRequest): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(socket, answer));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(pipe, resolve);
  });
  // A client that could not be served has nobody to tell, and the others still have to be.
  server.on("error", () => undefined);
  return server;
}

async function serve(socket: Socket, answer: AnswerRequest): Promise<void> {
  // A client that is killed meanwhile wants no answer any more.
  socket.on("error", () => socket.destroy());
  socket.setTimeout(REQUEST_TIMEOUT, () => socket.destroy());
  const text = await readLine(socket);
  socket.setTimeout(0);
  if (text === undefined || socket.destroyed) return void socket.destroy();
  const request = parseRequest(text);
  const isGone = closeOf(socket);
  const failure =
    request === undefined
      ? `Cannot answer: ${JSON.stringify(text)} is no request`
      : await answer(request, isGone);
  if (failure !== undefined) return void socket.end(resultBytes(failure));
  // The client knows success without the end of the stream, and ends the connection itself.
  socket.write(SUCCESS);
  await isGone;
  socket.destroy();
}

/** Is over when the other side has ended the connection, or it has broken. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.readableEnded) return resolve();
    for (const event of ["end", "close"]) socket.once(event, () => resolve());
  });
}

/** Pipes of Windows have no half-closed state that a client could use to end its request, so a line does. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    let isWhole = false;
    socket.setEncoding("utf8");
    // What comes after the line is read, and forgotten: the end of the connection is behind it.
    socket.on("data", (chunk: string) => {
      if (isWhole) return;
      text += chunk;
      const end = text.indexOf("\n");
      isWhole = end >= 0;
      if (isWhole) resolve(text.slice(0, end));
      else if (text.length > LONGEST_REQUEST) socket.destroy();
    });
    socket.once("close", () => resolve(undefined));
    socket.once("end", () => resolve(undefined));
  });
}

function parseRequest(text: string): PipeRequest | undefined {
  try {
    const value = parseJson(text) as Partial<PipeRequest> | null;
    if (typeof value?.ID !== "string" || typeof value.Op !== "string") return undefined;
    return { ID: value.ID, Op: value.Op };
  } catch {
    return undefined;
  }
}

/**
 * Asks a server for something and waits until it has been done. Rejects with the system's error if nobody serves the
 * pipe.
 *
 * @returns the text of the server's error, "" if it ended without an answer, undefined for success
 */
export function sendRequest(pipe: string, request: PipeRequest): Promise<string | undefined> {
  return withAnswer(pipe, request, async (failure) => failure);
}

/**
 * The same, for what the server keeps only as long as the connection: `use` gets the answer before that ends.
 *
 * @param abort ends the connection, which looks as if the server had
 */
export async function withAnswer<T>(
  pipe: string,
  request: PipeRequest,
  use: (failure: string | undefined) => Promise<T>,
  abort?: AbortSignal,
): Promise<T> {
  const socket = connect(pipe);
  abort?.addEventListener("abort", () => socket.destroy(), { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => undefined);
    socket.write(`${stringifyJson(request)}\n`);
    return await use(await readAnswer(socket));
  } finally {
    socket.destroy();
  }
}

/** Success needs no end of the stream, as no error text begins with its bytes. */
function readAnswer(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      if (bytes.length < LONGEST_REQUEST) bytes = Buffer.concat([bytes, chunk]);
      if (bytes.equals(SUCCESS)) resolve(undefined);
    });
    for (const event of ["end", "close"]) socket.once(event, () => resolve(bytes.toString("utf8")));
  });
}
