import type { S3 } from '../s3.ts'

/** A variable, so that it is neither loaded nor looked for by the compiler: the package is optional. */
const S3_PACKAGE: string = '@aws-sdk/client-s3'
const CONNECT_MS = 5_000
/** Of one answer: the largest file of a backup has 80 MiB, and a listing of 1,000 names is small. */
const ANSWER_MS = 300_000

/**
 * A client with the credentials, the region and the address that the AWS SDK finds in the environment and its files.
 * Null: the package is not installed.
 */
export async function openS3(): Promise<S3 | null> {
  const found = await loaded()
  if (found === null) return null
  const { AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3 } = process.env
  const isOwnServer = [AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3].some((url) => url !== undefined && url !== '')
  return new found.S3({
    // Bucket names are no hosts of one's own server.
    forcePathStyle: isOwnServer,
    // Files of a backup have a SHA-256 of their own, and an error of it names the file.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  })
}

interface S3Package {
  readonly S3: new (options: {
    readonly forcePathStyle: boolean
    readonly responseChecksumValidation: 'WHEN_REQUIRED'
    readonly requestHandler: Readonly<Record<string, unknown>>
  }) => S3
}

async function loaded(): Promise<S3Package | null> {
  try {
    return (await import(S3_PACKAGE)) as S3Package
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}
