import type { S3, S3Object } from '../../platform/s3.ts'
import { CommandFailure } from '../command-failure.ts'
import type { BackupStore } from './backup-store.ts'
import { damaged } from './damage.ts'

/** Where in S3 backups are kept. */
export interface S3Place {
  readonly bucket: string
  /** Without '/' at either end; empty: the bucket as a whole. */
  readonly prefix: string
}

/** Null: it is no place in S3 with a valid bucket name. */
export function readS3Place(text: string): S3Place | null {
  const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(text) ?? []
  return bucket === undefined ? null : { bucket, prefix: rest.replace(/^\/+|\/+$/g, '') }
}

/** Objects below a prefix of a bucket. An object is written whole or not at all, so that nothing unfinished is left. */
export function s3Store({ bucket, prefix }: S3Place, s3: S3, abortSignal: AbortSignal): BackupStore {
  const keyOf = (path: string) => (prefix === '' ? path : `${prefix}/${path}`)
  const nameOf = (path: string) => `s3://${bucket}/${keyOf(path)}`
  const asked = async <Answer>(path: string, answer: Promise<Answer>): Promise<Answer> => {
    try {
      return await answer
    } catch (error) {
      abortSignal.throwIfAborted()
      throw failure(nameOf(path), error)
    }
  }
  return {
    nameOf,
    async list(folder) {
      const names: string[] = []
      const inside = `${keyOf(folder)}/`
      let next: string | undefined
      do {
        const more = next === undefined ? {} : { ContinuationToken: next }
        const listing = { Bucket: bucket, Prefix: inside, Delimiter: '/', ...more }
        const page = await asked(folder, s3.listObjectsV2(listing, { abortSignal }))
        const keys = (page.Contents ?? []).map(({ Key = '' }) => Key)
        const folders = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix.replace(/\/$/, ''))
        for (const key of [...keys, ...folders]) if (key.length > inside.length) names.push(key.slice(inside.length))
        next = page.NextContinuationToken
      } while (next !== undefined)
      return names
    },
    read: (path, mostBytes) =>
      asked(
        path,
        readObject(s3.getObject({ Bucket: bucket, Key: keyOf(path) }, { abortSignal }), nameOf(path), mostBytes),
      ),
    readEnd: (path, bytes) => {
      const end = { Bucket: bucket, Key: keyOf(path), Range: `bytes=-${bytes}` }
      return asked(path, readObject(s3.getObject(end, { abortSignal }), nameOf(path), bytes))
    },
    async write(path, bytes) {
      await asked(path, s3.putObject({ Bucket: bucket, Key: keyOf(path), Body: bytes }, { abortSignal }))
    },
    removeUnfinished: async () => {},
  }
}

async function readObject(answer: Promise<S3Object>, name: string, mostBytes: number): Promise<Uint8Array | null> {
  let found: S3Object
  try {
    found = await answer
  } catch (error) {
    if ((error as Error).name === 'NoSuchKey') return null
    throw error
  }
  const tooLong = (bytes: number) => damaged(name, `it has ${bytes} bytes, but can have ${mostBytes} at most`)
  const { ContentLength = 0, Body } = found
  if (ContentLength > mostBytes) {
    Body?.destroy?.()
    throw tooLong(ContentLength)
  }
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of Body ?? []) {
    bytes += piece.length
    if (bytes > mostBytes) throw tooLong(bytes)
    pieces.push(piece)
  }
  return new Uint8Array(Buffer.concat(pieces))
}

interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number }
  /** Of the system, where no connection could be made. */
  readonly code?: string
}

function failure(name: string, error: unknown): unknown {
  if (error instanceof CommandFailure) return error
  const { name: code, message, code: system, $metadata } = error as SdkError
  const status = $metadata?.httpStatusCode
  const isRefused = status === 401 || status === 403 || code === 'CredentialsProviderError'
  const isAway = status === undefined ? system !== undefined || code === 'TimeoutError' : status >= 500
  const { hint, ...kind } = isRefused ? refused : isAway ? away : wrong
  const text = [code === 'Error' ? '' : code, message === code ? '' : message].filter((part) => part !== '').join(': ')
  return new CommandFailure({ ...kind, message: `${name}: ${text.replace(/\.$/, '')}.`, hint }, { cause: error })
}

const refused = {
  code: 'AUTHORIZATION_FAILED',
  retriable: false,
  hint: 'Credentials are those of the AWS SDK: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role.',
} as const
const wrong = {
  code: 'INVALID_REQUEST',
  retriable: false,
  hint: 'Check the bucket, AWS_REGION and AWS_ENDPOINT_URL.',
} as const
const away = {
  code: 'CONNECTION_LOST',
  retriable: true,
  hint: 'Check AWS_REGION and AWS_ENDPOINT_URL, then repeat the command: it continues after what is written.',
} as const
