/** What a command of administrators is made of; each is one file beside this one, and one line in `administrator-commands.ts`. */
import { type Ask, type DeviceView, type Reply } from '../admin/questions'
import { type Dialect, type OfferedApp } from '../dialects/dialect'
import { type Register } from '../intake/register'
import { type Command, type Ran } from './commands'
import { type Field } from './forms'

/** What these commands may ask the service. */
export interface AdministratorOptions {
  readonly ask: Ask
  readonly apps: () => readonly OfferedApp[]
  readonly register: Register
  readonly dialects: readonly Dialect[]
}

export type AdministratorCommand = (options: AdministratorOptions) => Command

/** FORM_TYPE (XEP-0068) of their forms, as XEP-0133 has one for its own. */
const FORM = 'xmpp-push:admin:0'

export const formType: Field = Object.freeze({ var: 'FORM_TYPE', type: 'hidden', values: [FORM] })

/** XEP-0133 §4: the account that is acted for. */
export const accountField: Field = Object.freeze({
  ...{ var: 'accountjid', type: 'jid-single', label: 'The account, as name@domain' },
})

/** What was answered in an earlier step, to be sent back with the next. */
export function kept(name: string, value: string): Field {
  return { var: name, type: 'hidden', values: [value] }
}

/** A line of a result. */
export function line(name: string, label: string, ...values: readonly string[]): Field {
  return { var: name, type: values.length > 1 ? 'text-multi' : 'text-single', label, values }
}

/** XEP-0082 v1.1.1. */
export function dateTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** A device in one line, told apart from the others of its account. */
export function deviceText({ app, device, address, seenAt }: DeviceView): string {
  return `${app}, ${device}, token ${address ?? 'with each publish'}, last seen ${dateTime(seenAt).slice(0, 10)}`
}

/** What an answer comes to; what went wrong is told as the service tells it. */
export function ranOf<A>(
  reply: { readonly is: 'answer'; readonly answer: A } | Extract<Reply, { is: 'failed' }>,
  tell: (answer: A) => Ran,
): Ran {
  return reply.is === 'answer' ? tell(reply.answer) : { is: 'wrong', text: `${reply.why}.` }
}
