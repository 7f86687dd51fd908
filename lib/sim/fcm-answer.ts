// Spells FCM's answers: the error envelope, with its details in an order that nobody can rely on.
import { randomInt } from 'node:crypto'
import { type FcmRow } from './fcm-rows'
import { type Answer } from './http-journal'

const JSON_TYPE = 'application/json; charset=UTF-8'
const HTML_TYPE = 'text/html; charset=UTF-8'

/** From 0 up to, but not including, `n`. */
export type Chance = (n: number) => number

/** Chance, as node:crypto has it. */
export const anyOf: Chance = (n) => randomInt(n)

const shuffled = (all: readonly object[], chance: Chance): readonly object[] => {
  const rest = [...all]
  return all.flatMap(() => rest.splice(chance(rest.length), 1))
}

/** One row as an answer. */
export const spell = (row: FcmRow, chance: Chance, headers: Readonly<Record<string, string>> = {}): Answer => {
  if (row.empty === true) {
    return { is: 'answer', status: row.status, headers: { 'content-length': '0', ...headers }, body: '' }
  }
  if (row.error === undefined) {
    return {
      is: 'answer',
      status: row.status,
      headers: { 'content-type': HTML_TYPE, ...headers },
      body: row.html ?? '',
    }
  }
  const { message, status, details } = row.error
  const error = {
    code: row.status,
    message,
    status,
    ...(details === undefined ? {} : { details: shuffled(details, chance) }),
  }
  const body = `${JSON.stringify({ error }, null, 2)}\n`
  return { is: 'answer', status: row.status, headers: { 'content-type': JSON_TYPE, ...headers }, body }
}

/** FCM took it. */
export const accepted = (project: string, id: string): Answer => ({
  is: 'answer',
  status: 200,
  headers: { 'content-type': JSON_TYPE },
  body: `${JSON.stringify({ name: `projects/${project}/messages/${id}` }, null, 2)}\n`,
})
