import { ComputeError, type ResultEvent } from "../results.ts";

/** What a call was about, for its failure. */
export interface Subject {
  /** A verb: `create`, `start`, `open process in`. */
  operation: string;
  systemId?: string;
  pid?: number;
}

interface ResultDocument {
  ErrorMessage?: unknown;
  ErrorEvents?: unknown;
}

/**
 * Makes the failure of a call from its result and its result document.
 *
 * @param hresult of either family, unsigned or signed
 * @param document what the call wrote, if anything; what is no result document is ignored
 */
export function computeFailure(subject: Subject, hresult: number, document?: string | null): ComputeError {
  return new ComputeError({ ...subject, hresult, events: readEvents(document ?? "") });
}

/** Reads the events of a result document; a message without events becomes one. */
function readEvents(text: string): ResultEvent[] {
  const { ErrorMessage, ErrorEvents } = parse(text);
  const events = Array.isArray(ErrorEvents) ? ErrorEvents.filter(isObject).map(readEvent) : [];
  return events.length === 0 && typeof ErrorMessage === "string" ? [{ Message: ErrorMessage }] : events;
}

function parse(text: string): ResultDocument {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function readEvent(event: Record<string, unknown>): ResultEvent {
  const kept: Record<string, unknown> = {};
  for (const name of ["Message", "StackTrace", "Provider", "Source"])
    if (typeof event[name] === "string") kept[name] = event[name];
  for (const name of ["EventId", "Flags"]) if (typeof event[name] === "number") kept[name] = event[name];
  return kept;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
