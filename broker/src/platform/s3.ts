/** What may be passed with each request: it ends when the signal fires. */
export interface S3Abort {
  readonly abortSignal: AbortSignal
}

/**
 * The part of the client of @aws-sdk/client-s3 that backups use. The package is optional, so that its types may be
 * missing too. All methods reject with an Error whose `name` is the code of S3, like NoSuchKey.
 */
export interface S3 {
  /** `Range`: as in the header of HTTP. */
  getObject(
    of: { readonly Bucket: string; readonly Key: string; readonly Range?: string },
    options: S3Abort,
  ): Promise<S3Object>
  putObject(
    of: { readonly Bucket: string; readonly Key: string; readonly Body: Uint8Array },
    options: S3Abort,
  ): Promise<unknown>
  listObjectsV2(of: S3Listing, options: S3Abort): Promise<S3Page>
}

export interface S3Object {
  readonly ContentLength?: number | undefined
  readonly Body?: (AsyncIterable<Uint8Array> & { destroy?(): unknown }) | undefined
}

export interface S3Listing {
  readonly Bucket: string
  readonly Prefix: string
  readonly Delimiter: string
  readonly ContinuationToken?: string
}

export interface S3Page {
  readonly Contents?: readonly { readonly Key?: string | undefined }[] | undefined
  readonly CommonPrefixes?: readonly { readonly Prefix?: string | undefined }[] | undefined
  /** Missing: it is the last page. */
  readonly NextContinuationToken?: string | undefined
}
