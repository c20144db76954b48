import { describe, expect, test } from 'vitest'
import type { S3, S3Listing, S3Object, S3Page } from '../../platform/s3.ts'
import { readS3Place, s3Store } from './s3-store.ts'

const place = { bucket: 'bucket', prefix: 'a/b' }
const never = new AbortController().signal

/** Answers with what a test gives; what it does not give fails. */
function answering(answers: Partial<S3>): S3 {
  const none = () => Promise.reject(new Error('not asked for in this test'))
  return { getObject: none, putObject: none, listObjectsV2: none, ...answers }
}
const failing = (name: string, fields: object = {}) => {
  return answering({ getObject: () => Promise.reject(Object.assign(new Error('m'), { name, ...fields })) })
}
async function* pieces(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield new Uint8Array(length)
}

test.each([
  ['s3://bucket', { bucket: 'bucket', prefix: '' }],
  ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
  ['s3://my.bucket-1/a/b/', { bucket: 'my.bucket-1', prefix: 'a/b' }],
  ['S3://bucket//a', { bucket: 'bucket', prefix: 'a' }],
  ['s3://', null],
  ['s3:///a', null],
  ['s3://under_score/a', null],
  ['https://bucket/a', null],
])('%s is the place %j', (text, expected) => {
  expect(readS3Place(text)).toEqual(expected)
})

test('names of all pages are listed, without what is before them', async () => {
  const asked: S3Listing[] = []
  const pages: S3Page[] = [
    { Contents: [{ Key: 'a/b/c/' }, { Key: 'a/b/c/one' }], NextContinuationToken: 'more' },
    { Contents: [{ Key: 'a/b/c/two' }], CommonPrefixes: [{ Prefix: 'a/b/c/three/' }] },
  ]
  const s3 = answering({
    async listObjectsV2(of) {
      asked.push(of)
      return pages[asked.length - 1]!
    },
  })
  expect(await s3Store(place, s3, never).list('c')).toEqual(['one', 'two', 'three'])
  const first = { Bucket: 'bucket', Prefix: 'a/b/c/', Delimiter: '/' }
  expect(asked).toEqual([first, { ...first, ContinuationToken: 'more' }])
})

describe('an object', () => {
  const found = (object: S3Object) => s3Store(place, answering({ getObject: async () => object }), never)

  test('is read whole', async () => {
    expect(await found({ ContentLength: 5, Body: pieces(2, 3) }).read('c', 5)).toEqual(new Uint8Array(5))
  })

  test('is read from its end', async () => {
    const asked: object[] = []
    const s3 = answering({
      async getObject(of) {
        asked.push(of)
        return { ContentLength: 2, Body: pieces(2) }
      },
    })
    expect(await s3Store(place, s3, never).readEnd('c', 2)).toEqual(new Uint8Array(2))
    expect(asked).toEqual([{ Bucket: 'bucket', Key: 'a/b/c', Range: 'bytes=-2' }])
  })

  test('that is too long is refused before its bytes are read, or as soon as they are too many', async () => {
    let isLeft = false
    const body = Object.assign(pieces(6), {
      destroy: () => {
        isLeft = true
      },
    })
    const tooLong = 's3://bucket/a/b/c is damaged: it has 6 bytes, but can have 5 at most'
    await expect(found({ ContentLength: 6, Body: body }).read('c', 5)).rejects.toThrow(tooLong)
    expect(isLeft).toBe(true)
    await expect(found({ Body: pieces(3, 3, 1000) }).read('c', 5)).rejects.toThrow(tooLong)
  })

  test('that is missing is null', async () => {
    expect(
      await s3Store(place, failing('NoSuchKey', { $metadata: { httpStatusCode: 404 } }), never).read('c', 5),
    ).toBeNull()
  })

  test.each([
    ['AccessDenied', { $metadata: { httpStatusCode: 403 } }, 'AUTHORIZATION_FAILED'],
    ['CredentialsProviderError', {}, 'AUTHORIZATION_FAILED'],
    ['NoSuchBucket', { $metadata: { httpStatusCode: 404 } }, 'INVALID_REQUEST'],
    ['Error', {}, 'INVALID_REQUEST'],
    ['Error', { code: 'ECONNREFUSED' }, 'CONNECTION_LOST'],
    ['TimeoutError', {}, 'CONNECTION_LOST'],
    ['SlowDown', { $metadata: { httpStatusCode: 503 } }, 'CONNECTION_LOST'],
  ])('%s with %j is the error %s, which names the object', async (name, fields, code) => {
    await expect(s3Store(place, failing(name, fields), never).read('c', 5)).rejects.toMatchObject({
      shape: { code, message: `s3://bucket/a/b/c: ${name === 'Error' ? '' : `${name}: `}m.` },
    })
  })

  test('that is asked for when the command ends is not waited for', async () => {
    const stop = new AbortController()
    stop.abort(new Error('SIGINT'))
    await expect(s3Store(place, failing('AbortError'), stop.signal).read('c', 5)).rejects.toThrow('SIGINT')
  })
})
