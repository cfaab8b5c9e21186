/** A breach of a schema, as the precompiled validators report it. */
export interface SchemaBreach {
  /** JSON pointer to the value. */
  instancePath: string;
  keyword: string;
  /** What the keyword asks for, in the keyword's own shape. */
  params: Readonly<Record<string, unknown>>;
}

/** A precompiled validator; `errors` holds every breach that the last call found. */
export interface ValidateFunction<T> {
  (value: unknown): value is T;
  errors?: SchemaBreach[] | null;
}
