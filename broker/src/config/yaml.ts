/** A file of its own: what imports a CommonJS package at run time finds no names in it once it is bundled. */
export { LineCounter, parse, parseDocument, YAMLParseError } from 'yaml'
