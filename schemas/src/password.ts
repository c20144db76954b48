import { TailraceError } from './tailrace-error.ts'

const MOST_CHARACTERS = 1024
/** Printable ASCII stays as it is. */
const plain = /^[\x20-\x7e]*$/
const spaces = /\p{Zs}/gu
/** RFC 3454 table B.1. */
const mappedToNothing = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/gu
/** RFC 3454 tables C.2 to C.9, by what Unicode says of them now. */
const prohibited = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\ufff9-\ufffd\u2ff0-\u2ffb]/u
const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u
const leftToRight = /(?![\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}])\p{L}/u

/**
 * A password as SCRAM takes it at both ends, so that it is the same whatever keyboard it was typed on (SASLprep, RFC
 * 4013).
 * @throws TailraceError INVALID_REQUEST for one that has no such form
 */
export function preparePassword(password: string): string {
  if (password.length > MOST_CHARACTERS) throw invalid(`it has more than ${MOST_CHARACTERS} characters`)
  if (password !== '' && plain.test(password)) return password
  const prepared = password.replace(mappedToNothing, '').replace(spaces, ' ').normalize('NFKC')
  if (prepared === '') throw invalid('it is empty')
  if (!password.isWellFormed() || prohibited.test(prepared)) throw invalid('it has a character that does not print')
  if (rightToLeft.test(prepared) && !isOneDirection(prepared)) {
    throw invalid('letters that are written from right to left are mixed with others')
  }
  return prepared
}

/** RFC 3454 §6: with one such letter, none of the others, and one at each end. */
function isOneDirection(text: string): boolean {
  const characters = [...text]
  return !leftToRight.test(text) && rightToLeft.test(characters[0]!) && rightToLeft.test(characters.at(-1)!)
}

function invalid(why: string): TailraceError {
  return new TailraceError('INVALID_REQUEST', `The password cannot be taken: ${why}.`)
}
