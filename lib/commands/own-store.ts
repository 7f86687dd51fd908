/** The store that `backup` and `restore` are about, and the service that may have it open. Takes of the configuration the store alone. */
import { askService } from '../admin/asking'
import { socketPath } from '../admin/office'
import { type Answers, type Asked, type Question, type Reply } from '../admin/questions'
import { type Clock } from '../clock'
import { readConfig } from '../config'
import { type ConfiguredStore } from '../config/kinds'
import { resolve } from 'node:path'
import { faultLines } from './faults'

/** Why it could not be done, in words for the operator. */
export class NotDone extends Error {}

/** The service may be there, and gave no answer. */
export class Silent extends NotDone {}

export interface OwnStore {
  /** Its file. */
  readonly place: string
  readonly backup: NonNullable<ConfiguredStore['backup']>
  /** The answer of the service that runs on it, undefined where none does. Rejects with `NotDone` where it does not want to, or is silent. */
  ask<A extends Asked>(question: Extract<Question, { readonly ask: A }>): Promise<Answers[A] | undefined>
}

function storeOf(file: string): ConfiguredStore {
  const read = readConfig({ file })
  if (read.is === 'config') return read.config.store
  if (read.store !== undefined) return read.store
  const its = read.faults.filter(({ path }) => path === 'store' || path.startsWith('store.'))
  throw new NotDone(`${file} is not in order:\n${faultLines(its.length > 0 ? its : read.faults).join('\n')}`)
}

/**
 * Throws `NotDone` where the configuration's store can't be read, or has no file of its own: then with the line that does it instead.
 * `of`: the copy's name.
 */
export function ownStore(file: string, what: 'backup' | 'restore', of: string, clock: Clock): OwnStore {
  const store = storeOf(file)
  const { backup, tools, kind, place } = store
  if (backup === undefined || place === undefined) {
    const line = tools?.(of)[what]
    const how = line === undefined ? 'use its own tools' : `use its own tools:\n  ${line}`
    throw new NotDone(`the store is ${kind}, which is a database of its own; ${how}`)
  }
  return {
    backup,
    place,
    async ask<A extends Asked>(question: Extract<Question, { readonly ask: A }>) {
      const asked = await askService(socketPath(resolve(file), place), question, clock)
      if (asked.is === 'nobody') return undefined
      if (asked.is === 'silent') throw new Silent(asked.why)
      const reply = asked.reply as Reply<A>
      if (reply.is === 'failed') throw new NotDone(reply.why)
      return reply.answer
    },
  }
}
