/** A file of its own: what imports a CommonJS package at run time may find another default in it once it is bundled. */
export { default as swagger } from '@fastify/swagger'
