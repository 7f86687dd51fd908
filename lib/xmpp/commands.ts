/** Ad-hoc commands (XEP-0050 v1.3.0): the frame around every dialect's commands; knows no dialect. */
import xml from '@xmpp/xml'
import { type Element } from 'ltx'
import { type Clock } from '../clock'
import { type Fields } from '../dialects/dialect'
import { bareOf, type Jid } from '../model/jid'
import { badCommand, forbidden, sessionExpired, unknownNode, type Answer, type Failure } from './answers'
import { attribute } from './element'
import { blankForm, fieldsOf, formIn, resultForm, type Field } from './forms'
import { type Asked, type Route } from './router'
import { type Sessions } from './session-id'

export const COMMANDS = 'http://jabber.org/protocol/commands'

/** What running a command came to. */
export type Ran =
  | {
      readonly is: 'completed'
      readonly fields: readonly Field[]
      /** Where the result tells of several things alike. */
      readonly items?: readonly (readonly Field[])[]
    }
  /** The last step: one more form. What was answered before is among its fields, hidden, for nothing of it is kept here. */
  | { readonly is: 'asks'; readonly instructions: string; readonly fields: readonly Field[] }
  | { readonly is: 'wrong'; readonly text: string }
  | { readonly is: 'failed'; readonly failure: Failure }

/** One command as the frame sees it. */
export interface Command {
  readonly node: string
  readonly name: string
  readonly instructions: string
  /** True if another form may follow the first. */
  readonly hasSteps?: true
  form(requester: Jid): readonly Field[]
  run(fields: Fields, requester: Jid, service: string): Promise<Ran>
}

export interface CommandsOptions {
  readonly commands: (requester: Jid) => readonly Command[]
  /** Nodes of commands that are there, whoever may run them. */
  readonly isClosed?: (node: string) => boolean
  readonly sessions: Sessions
  readonly clock: Clock
}

const ACTIONS = ['execute', 'complete', 'next', 'prev', 'cancel']

/**
 * Takes the form in the first stanza, with or without `action` (COMPAT(Martin, JaXMPP, Conversations): all submit at
 * once), and offers the blank form to a plain execute.
 */
export function commandsRoute(options: CommandsOptions): Route {
  const { sessions, clock } = options

  async function answer(asked: Asked): Promise<Answer> {
    const node = attribute(asked.child, 'node') ?? ''
    const command = options.commands(asked.from).find((each) => each.node === node)
    if (command === undefined) {
      return options.isClosed?.(node) === true ? forbidden('Only an administrator may run this command.') : unknownNode
    }
    const action = attribute(asked.child, 'action') ?? 'execute'
    if (!ACTIONS.includes(action)) {
      return badCommand('malformed-action', `"${action}" is no action of XEP-0050; use execute, complete or cancel.`)
    }
    const requester = fullOf(asked.from)
    const told = attribute(asked.child, 'sessionid')
    if (told !== undefined) {
      const state = sessions.read(told, node, requester, clock.now())
      if (state === 'foreign')
        return badCommand('bad-sessionid', 'This sessionid was not given to you for this command.')
      if (state === 'expired') return sessionExpired
    }
    const session = told ?? sessions.open(node, requester, clock.now())
    const reply = (status: string, ...children: readonly Element[]): Answer => ({
      is: 'result',
      payload: xml(
        'command',
        {
          xmlns: COMMANDS,
          node,
          sessionid: session,
          status,
          ...(asked.lang === undefined ? {} : { 'xml:lang': asked.lang }),
        },
        ...children,
      ),
    })
    if (action === 'cancel') {
      return told === undefined ? badCommand('bad-sessionid', 'There is no session to cancel.') : reply('canceled')
    }
    if (action === 'prev' && command.hasSteps !== true) {
      return badCommand('bad-action', 'This command has a single step.')
    }
    const form = action === 'prev' ? undefined : formIn(asked.child)
    const blank = form === undefined ? command.form(asked.from) : []
    const first = (): Answer =>
      reply(
        'executing',
        command.hasSteps === true
          ? xml('actions', { execute: 'next' }, xml('next'))
          : xml('actions', { execute: 'complete' }, xml('complete')),
        blankForm(command.name, command.instructions, blank),
      )
    if (action === 'prev') {
      return told === undefined ? badCommand('bad-sessionid', 'There is no session to go back in.') : first()
    }
    // A command that asks nothing runs at once.
    if (form === undefined && (blank.length > 0 || action !== 'execute')) {
      if (told !== undefined) return badCommand('bad-payload', 'Submit the form that this session began with.')
      if (action !== 'execute') return badCommand('bad-sessionid', `There is no session to ${action}; execute first.`)
      return first()
    }
    /** COMPAT(slixmpp ≤ 1.10): finds the session of an error by its `sessionid`, and else hears nothing of it. */
    const fail = (failure: Failure): Failure =>
      told === undefined
        ? failure
        : { ...failure, about: xml('command', { xmlns: COMMANDS, node, sessionid: session }) }
    const ran = await command.run(fieldsOf(...(form === undefined ? [] : [form])), asked.from, asked.service)
    switch (ran.is) {
      case 'completed':
        return reply('completed', resultForm(ran.fields, ran.items))
      case 'asks':
        return reply(
          'executing',
          xml('actions', { execute: 'complete' }, xml('prev'), xml('complete')),
          blankForm(command.name, ran.instructions, ran.fields),
        )
      case 'wrong':
        return fail(badCommand('bad-payload', ran.text))
      case 'failed':
        return fail(ran.failure)
    }
  }

  return { ns: COMMANDS, names: ['command'], types: ['set'], features: [COMMANDS], answer }
}

function fullOf(jid: Jid): string {
  return jid.resource === undefined ? bareOf(jid) : `${bareOf(jid)}/${jid.resource}`
}
