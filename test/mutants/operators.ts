import { type Node, parseSource } from '../architecture/parsed-source.ts'

/** One small change to a source file that a test should notice. Positions are of the text that was given. */
export interface Mutant {
  readonly file: string
  readonly line: number
  readonly operator: string
  readonly start: number
  readonly end: number
  readonly before: string
  readonly after: string
}

type Propose = (operator: string, node: { readonly start: number; readonly end: number }, after: string) => void

const boundaries: Readonly<Record<string, string>> = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' }
const opposites: Readonly<Record<string, string>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '===': '!==',
  '!==': '===',
}
const arithmetic: Readonly<Record<string, string>> = { '+': '-', '-': '+', '*': '+', '%': '*' }
const assignments: Readonly<Record<string, string>> = { '+=': '-=', '-=': '+=', '??=': '=' }
const extremes: Readonly<Record<string, string>> = { 'Math.max': 'Math.min', 'Math.min': 'Math.max' }

/** Calls that only inform people: their removal is no fault of the program. */
const tellsPeople = /\b(log|logger|terminal|console)\b|\binvariant\(|^super\(/

/** Every mutant of a file, in the order of the text. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = parseSource(file, text)
  const found: Mutant[] = []
  const idle: Range[] = []
  source.visit((node, parent) => {
    idle.push(...idleParts(node, text))
    const propose: Propose = (operator, { start, end }, after) => {
      const before = text.slice(start, end)
      if (before !== after) found.push({ file, line: source.lineOf(start), operator, start, end, before, after })
    }
    changeOperators(node, text, propose)
    changeConditions(node, text, propose)
    removeStatements(node, parent, text, propose)
    changeValues(node, parent, propose)
  })
  const acts = ({ start, end, operator }: Mutant) => {
    return !idle.some((part) => start >= part.start && end <= part.end && (part.only ?? operator) === operator)
  }
  return found.filter(acts).sort((a, b) => a.start - b.start || a.end - b.end)
}

interface Range {
  readonly start: number
  readonly end: number
  /** The operator that has no effect there; all of them when it is left out. */
  readonly only?: string
}

/**
 * Code that runs only in tests, or when a defect is switched on for a negative control: a change there does not change
 * the published program.
 */
function idleParts(node: Node, text: string): Range[] {
  if (node.type === 'FunctionDeclaration') return isOnlyForTests(node) ? [node] : []
  if (node.type === 'LogicalExpression')
    return isSwitch(node.left as Node, text) && node.operator === '&&' ? [node.right as Node] : []
  if (node.type !== 'IfStatement' && node.type !== 'ConditionalExpression') return []
  const test = node.test as Node
  return isSwitch(test, text) ? [node.consequent as Node, { start: test.start, end: test.end, only: 'never' }] : []
}

/** A weaker check of invariants is no fault of the program. */
function isOnlyForTests(node: Node): boolean {
  return (node.id as { name?: string } | null)?.name === 'checkInvariants'
}

function isSwitch(node: Node, text: string): boolean {
  if (node.type === 'LogicalExpression') return node.operator === '&&' && isSwitch(node.left as Node, text)
  return node.type === 'MemberExpression' && /(^|\.)defects\.\w+$/.test(text.slice(node.start, node.end))
}

export function apply(text: string, { start, end, after }: Mutant): string {
  return text.slice(0, start) + after + text.slice(end)
}

/** The operator of a binary node stands between its operands. */
function between(left: Node, right: Node, operator: string, text: string): { start: number; end: number } {
  const start = text.indexOf(operator, left.end)
  return start < 0 || start >= right.start ? { start: 0, end: 0 } : { start, end: start + operator.length }
}

function changeOperators(node: Node, text: string, propose: Propose): void {
  if (!['BinaryExpression', 'LogicalExpression', 'AssignmentExpression'].includes(node.type)) return
  const [left, right, operator] = [node.left as Node, node.right as Node, node.operator as string]
  const place = between(left, right, operator, text)
  if (place.end === 0) return
  const replace = (name: string, table: Readonly<Record<string, string>>) => {
    const other = table[operator]
    if (other !== undefined) propose(name, place, other)
  }
  if (node.type === 'AssignmentExpression') replace('assignment', assignments)
  if (node.type === 'LogicalExpression') replace('logic', { '&&': '||', '||': '&&' })
  if (node.type !== 'BinaryExpression' || isSetting(node)) return
  replace('boundary', boundaries)
  replace('comparison', opposites)
  if (!isText(left) && !isText(right)) replace('arithmetic', arithmetic)
}

function isText(node: Node): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string')
}

function changeConditions(node: Node, text: string, propose: Propose): void {
  if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
    propose('always', node.test as Node, 'true')
    propose('never', node.test as Node, 'false')
  }
  if (node.type === 'UnaryExpression' && node.operator === '!') {
    const inner = node.argument as Node
    propose('negation', node, text.slice(inner.start, inner.end))
  }
}

function removeStatements(node: Node, parent: Node | null, text: string, propose: Propose): void {
  if (parent?.type === 'Program') return
  const own = text.slice(node.start, node.end)
  if (node.type === 'ExpressionStatement') {
    const { type } = node.expression as Node
    const acts = ['CallExpression', 'AssignmentExpression', 'UpdateExpression', 'AwaitExpression'].includes(type)
    if (acts && !tellsPeople.test(own)) propose('removal', node, '{}')
  }
  const leaves = node.type === 'ReturnStatement' || node.type === 'ContinueStatement' || node.type === 'BreakStatement'
  if (leaves && parent?.type === 'IfStatement' && node.argument == null) propose('removal', node, '{}')
}

function changeValues(node: Node, parent: Node | null, propose: Propose): void {
  if (node.type === 'UpdateExpression') {
    const inner = node.argument as Node
    const place = node.prefix === true ? { start: node.start, end: inner.start } : { start: inner.end, end: node.end }
    propose('update', place, node.operator === '++' ? '--' : '++')
  }
  if (node.type === 'Literal' && typeof node.value === 'boolean' && parent?.type !== 'TSLiteralType') {
    propose('value', node, String(!node.value))
  }
  if (node.type === 'Literal' && typeof node.value === 'number' && isCalculated(parent)) {
    propose('number', node, String(node.value + 1))
  }
  if (node.type === 'CallExpression') {
    const callee = node.callee as Node
    if (callee.type !== 'MemberExpression') return
    const [object, property] = [callee.object as Node, callee.property as Node]
    const other = extremes[`${object.name as string}.${property.name as string}`]
    if (other !== undefined) propose('extreme', callee, other)
  }
}

/** Numbers in calculations are rules; those that stand alone, or among numbers only, are mostly settings. */
function isCalculated(parent: Node | null): boolean {
  return (parent?.type === 'BinaryExpression' && !isSetting(parent)) || parent?.type === 'ReturnStatement'
}

/** `2 ** 31 - 1`, `8 * MiB`: numbers alone, or a product of them with constants. */
function isSetting(node: Node): boolean {
  if (node.type === 'ParenthesizedExpression') return isSetting(node.expression as Node)
  if (node.type !== 'BinaryExpression') return node.type === 'Literal' && typeof node.value === 'number'
  const parts = [node.left as Node, node.right as Node]
  return parts.every((part) => isSetting(part) || (node.operator === '*' && isConstant(part)))
}

function isConstant(node: Node): boolean {
  return node.type === 'Identifier' && /^[A-Z]/.test(node.name as string)
}
