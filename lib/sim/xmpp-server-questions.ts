/** Every iq get or set that was handed to the component, and its answers: RFC 6120 §8.2.3 wants exactly one of each. */
import { type Now } from './time'
import { type XmlElement } from './xmpp-server-xml'

/** An answer as it was heard. */
export interface Heard {
  readonly stanza: XmlElement
  /** It came from the very address that was asked. */
  readonly exactSender: boolean
  /** 1 for the first answer to the question, 2 for the second… */
  readonly nth: number
  /** Milliseconds since the question. */
  readonly after: number
}

/** One iq that wants an answer. */
export interface Question {
  readonly stanza: XmlElement
  readonly at: number
  /** How many answers it has had. */
  readonly answers: number
}

export interface Questions {
  /** Remembers a question; `heard` is called for each answer to it, also for one too many. */
  ask(stanza: XmlElement, heard: (answer: Heard) => void): void
  /** Takes an iq of type result or error; what is wrong with it is returned in words. */
  answer(stanza: XmlElement): string | undefined
  /** The questions that have had no answer. */
  open(): readonly Question[]
}

const MOST_REMEMBERED = 100_000

/** Knows of questions with `most` different askers and ids. */
export function makeQuestions(now: Now, most = MOST_REMEMBERED): Questions {
  // An id may be used by several askers, and again by one: mod_muc_cloud_notify repeats its ids.
  const asked = new Map<string, { stanza: XmlElement; at: number; answers: number; heard: (answer: Heard) => void }[]>()
  const keyOf = (asker: string | undefined, id: string | undefined): string => `${asker ?? ''}\n${id ?? ''}`
  return Object.freeze({
    ask(stanza: XmlElement, heard: (answer: Heard) => void) {
      const key = keyOf(stanza.attrs['from'], stanza.attrs['id'])
      const same = asked.get(key) ?? []
      same.push({ stanza, at: now(), answers: 0, heard })
      // Asked again, it is the newest.
      asked.delete(key)
      asked.set(key, same)
      const oldest = asked.keys().next().value
      if (asked.size > most && oldest !== undefined) asked.delete(oldest)
    },
    answer(stanza: XmlElement) {
      const { from, to, id } = stanza.attrs
      const same = asked.get(keyOf(to, id)) ?? []
      const exact = same.filter((each) => each.stanza.attrs['to'] === from)
      const question =
        exact.find((each) => each.answers === 0) ??
        same.find((each) => each.answers === 0) ??
        exact.at(-1) ??
        same.at(-1)
      if (question === undefined) return `answers a question that ${to ?? 'nobody'} never asked (id ${id ?? 'missing'})`
      question.answers += 1
      const exactSender = question.stanza.attrs['to'] === from
      question.heard({ stanza, exactSender, nth: question.answers, after: now() - question.at })
      if (question.answers > 1) return `answers one question ${question.answers} times (id ${id ?? 'missing'})`
      if (!exactSender)
        return `answers from ${from ?? 'nowhere'} what was asked of ${question.stanza.attrs['to'] ?? 'nobody'}`
      return undefined
    },
    open: () => [...asked.values()].flat().filter((question) => question.answers === 0),
  })
}
