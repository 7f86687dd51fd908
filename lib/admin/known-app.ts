/** Whether an app that an operator names is one: configured, or once was, so that something of it is in the store. */
import { type Records } from '../stores/store'
import { type Question } from './questions'

/** The app that a question is about, where it names one that must be there. What waits of one that nobody knows is dropped all the same: there is none. */
function appOf(question: Question): string | undefined {
  switch (question.ask) {
    case 'devices':
    case 'outbox':
    case 'retry':
    case 'fuse-reset':
      return question.app
    default:
      return undefined
  }
}

/** Why there is no such app; undefined where there is, or the question names none. */
export async function noSuchApp(
  question: Question,
  { records, apps }: { readonly records: Records; readonly apps: readonly string[] },
): Promise<string | undefined> {
  const app = appOf(question)
  if (app === undefined || apps.includes(app)) return undefined
  const [accounts, registrations] = await Promise.all([records.accounts(), records.count()])
  if (accounts.has(app) || registrations.has(app)) return undefined
  return `there is no app "${app}"; there is ${apps.join(', ')}`
}
