/**
 * The interface that zod, valibot, arktype and other libraries give their schemas (standardschema.dev, version 1), as
 * far as it is used here. Types only: any of these libraries fits, and none is needed.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** What is wrong with a value, and where in it. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

type TypesOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>
/** What the schema takes. */
export type InputOf<Schema extends StandardSchema> = TypesOf<Schema>['input']
/** What it makes of that: defaults filled in, texts turned into dates and the like. */
export type OutputOf<Schema extends StandardSchema> = TypesOf<Schema>['output']
