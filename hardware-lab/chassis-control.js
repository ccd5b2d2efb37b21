// What ipmi_sim calls as its `chassis_control` program: passes the request to the machine's control socket and prints the answer.
// Plain JavaScript without the lab's modules, because it runs for every power command and must start in tens of milliseconds.
// Arguments: <socket> <mc address> get|set <name> [value...]
import { connect } from 'node:net';

const [path, , ...request] = process.argv.slice(2);
const socket = connect(path);
let answer = '';
socket.setEncoding('utf8');
socket.setTimeout(15_000, () => socket.destroy(new Error('the machine does not answer')));
socket.on('data', (chunk) => {
  answer += chunk;
});
socket.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
socket.on('close', () => {
  if (answer.startsWith('error')) process.exitCode = 1;
  process.stdout.write(answer);
});
socket.end(`${request.join(' ')}\n`);
