/**
 * To be imported before everything else: the modules of a start are loaded by functions that V8 takes for hot, and would load its optimizing compilers
 * for. Knows the word of the one command that goes on for long; the others are over before it matters, and are left as they are.
 */
import { holdBack } from './optimizing'

if (process.argv[2] === 'run') holdBack()
