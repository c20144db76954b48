/** The name that a rule makes of a subject, or null where it does not match. */
type Rule = (subject: string) => string | null

const ruleForm = /RULE:((?:[^/\\]|\\.)+)\/((?:[^/\\]|\\.)*)\/([LU]?)/y

/**
 * Kafka's mapping of certificates to names (KIP-371): `RULE:pattern/replacement/[LU]`, DN (Kafka's DEFAULT), and CN.
 */
export function certificateRules(text: string): readonly Rule[] {
  const rules: Rule[] = []
  let at = 0
  while (at < text.length) {
    if (rules.length > 0 && text[at++] !== ',') throw new TypeError(`a comma is missing in ${text}`)
    const word = ['DEFAULT', 'DN', 'CN'].find((name) => text.startsWith(name, at))
    ruleForm.lastIndex = at
    const [whole, pattern, replacement, fold] = ruleForm.exec(text) ?? []
    if (word !== undefined) {
      rules.push(word === 'CN' ? commonName : (subject) => subject)
      at += word.length
    } else if (whole !== undefined) {
      rules.push(ruleOf(new RegExp(`^(?:${pattern})$`), replacement!, fold!))
      at += whole.length
    } else throw new TypeError(`${text.slice(at)} is no rule`)
  }
  if (rules.length === 0) throw new TypeError('there is no rule')
  return rules
}

export function isCertificateRules(text: string): boolean {
  try {
    certificateRules(text)
    return true
  } catch {
    return false
  }
}

/** The name of the first rule that matches; null: none does. `subject`: as RFC 2253 writes it, `CN=alice,O=Example`. */
export function nameOfSubject(rules: readonly Rule[], subject: string): string | null {
  for (const rule of rules) {
    const name = rule(subject)
    if (name !== null && name !== '') return name
  }
  return null
}

/**
 * The principal of the broker that a certificate is for: the first of its DNS names that is `broker-3` or
 * `cascade-101`. Null: it is for none. Rules make users of subjects, and never such a principal.
 */
export function brokerOfNames(names: readonly string[]): `${'Broker' | 'Cascade'}:${string}` | null {
  for (const name of names) {
    const [, kind, id] = /^(broker|cascade)-([1-9]\d{0,9})$/.exec(name) ?? []
    if (kind !== undefined) return `${kind === 'broker' ? 'Broker' : 'Cascade'}:${id}`
  }
  return null
}

/** A comma behind a backslash belongs to the value of an attribute, which its owner may have chosen freely. */
function commonName(subject: string): string | null {
  const attributes = subject.match(/(?:[^,\\]|\\.)+/gs) ?? []
  return attributes.find((attribute) => attribute.startsWith('CN='))?.slice('CN='.length) ?? null
}

function ruleOf(pattern: RegExp, replacement: string, fold: string): Rule {
  return (subject) => {
    if (!pattern.test(subject)) return null
    const name = subject.replace(pattern, replacement)
    if (fold === 'L') return name.toLowerCase()
    return fold === 'U' ? name.toUpperCase() : name
  }
}
