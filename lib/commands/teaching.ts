/** What a command's help teaches besides its words: what it is for, examples, exit codes. The man page is made from the same. Knows no command by name. */
import { type Command } from 'commander'

export interface Lesson {
  /** Whole paragraphs, lines as they are to be printed, an empty line between two. */
  readonly about: string
  /** Calls as they are typed, each with what it is good for. */
  readonly examples: readonly (readonly [call: string, tells: string])[]
  /** What each exit code means here; as usual where it is left out. */
  readonly exits?: readonly (readonly [code: number, means: string])[]
}

/** Where a lesson says nothing else. */
export const usualExits: NonNullable<Lesson['exits']> = [
  [0, 'it is done'],
  [1, 'it failed, and standard error says why and what to do'],
  [2, 'the words of the call are off'],
]

/** What was taught is kept beside the commands, for they have no place for it. */
const lessons = new WeakMap<Command, Required<Lesson>>()

/** What is to be learnt of this command; undefined where it was never taught. */
export function lessonOf(command: Command): Required<Lesson> | undefined {
  return lessons.get(command)
}

function helpText({ about, examples, exits }: Required<Lesson>): string {
  const calls = examples.flatMap(([call, tells]) => [`  ${call}`, `      ${tells}`])
  return [
    '',
    about.trim(),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...calls,
    '',
    'Exit codes:',
    ...exits.map(([code, means]) => `  ${code}  ${means}`),
  ].join('\n')
}

/** `xmpp-push devices list` */
function callOf(command: Command): string {
  return command.parent === null ? command.name() : `${callOf(command.parent)} ${command.name()}`
}

/** Puts the lesson below the words in the command's help; returns the command. */
export function teach(command: Command, lesson: Lesson): Command {
  const whole = { ...lesson, exits: lesson.exits ?? usualExits }
  lessons.set(command, whole)
  return command.addHelpText('after', helpText(whole)).showHelpAfterError(`(${callOf(command)} --help tells the words)`)
}
