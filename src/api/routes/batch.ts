import { Type } from 'typebox';
import { applyBatch } from '../batch/apply.ts';
import { checkBatch } from '../batch/check.ts';
import { createLine, readFacts } from '../batch/create-line.ts';
import type { BatchFault } from '../batch/file.ts';
import { ApiError } from '../errors.ts';
import type { ApiDefinition } from '../zstack/definition.ts';
import { defineApi } from '../zstack/definition.ts';

const path = '/baremetal/chassis/from-file';

/** The file holds passwords. The limit leaves room for the rest of a body of 1 MiB. */
const file = Type.String({
  minLength: 1,
  maxLength: 921_600,
  secret: true,
  hint: 'must be a CSV file, as text or in base64, of at most 900 KiB',
});

/** Faults that an answer lists; whoever has more made the same one in every line. */
const listedFaults = 1000;
/** Faults that fit into an error's details. */
const toldFaults = 20;

const sentenceOf = ({ line, column, fault }: BatchFault): string =>
  `line ${line}${column === undefined ? '' : `, ${column}`}: ${fault}`;

const faultSchema = Type.Object({
  line: Type.Integer(),
  column: Type.Optional(Type.String()),
  fault: Type.String(),
});

const resultSchema = Type.Object({
  line: Type.Integer(),
  name: Type.String(),
  success: Type.Boolean(),
  uuid: Type.Optional(Type.String()),
  error: Type.Optional(
    Type.Object({ code: Type.String(), description: Type.String(), details: Type.String() }),
  ),
});

/** Chassis from a file: paths and parameters are those of the product's releases from 3.1.1 on; docs/batch.md has the columns. */
export const batchApis: readonly ApiDefinition[] = [
  defineApi({
    name: 'CheckBaremetalChassisConfigFile',
    method: 'POST',
    path: `${path}/check`,
    keys: ['params'],
    async: false,
    access: 'admin',
    effect: 'read',
    summary: 'Checks a batch file whole and lists its faults by line',
    answers: {
      kind: 'members',
      schema: Type.Object({
        success: Type.Boolean(),
        total: Type.Integer(),
        faultCount: Type.Integer(),
        faults: Type.Array(faultSchema),
      }),
    },
    params: Type.Object({ baremetalChassisInfo: file }),
    async run({ context, params }) {
      const { total, faults, taken } = await checkBatch(params.baremetalChassisInfo, () =>
        readFacts(context),
      );
      const found = [...faults, ...taken].toSorted((a, b) => a.line - b.line);
      return {
        success: found.length === 0,
        total,
        faultCount: found.length,
        faults: found.slice(0, listedFaults),
      };
    },
  }),
  defineApi({
    name: 'BatchCreateBaremetalChassis',
    method: 'POST',
    path,
    keys: ['params'],
    async: true,
    access: 'admin',
    summary:
      'Creates a chassis for each line of a batch file, after a login to its BMC; a faulty file creates none',
    answers: {
      kind: 'members',
      schema: Type.Object({
        inventories: Type.Array(resultSchema),
        total: Type.Integer(),
        succeeded: Type.Integer(),
        failed: Type.Integer(),
      }),
    },
    params: Type.Object({ baremetalChassisInfo: file }),
    async run({ context, params, progress }) {
      const check = await checkBatch(params.baremetalChassisInfo, () => readFacts(context));
      const { faults, lines } = check;
      if (faults.length > 0) {
        const told = faults.slice(0, toldFaults).map(sentenceOf).join('; ');
        const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
        const first = faults.length > toldFaults ? ` (the first ${toldFaults})` : '';
        throw new ApiError(
          'bad-argument',
          `baremetalChassisInfo has ${count} and nothing was created; correct them and repeat the call${first}: ${told}`,
          { data: { parameter: 'baremetalChassisInfo' } },
        );
      }
      // Not a fault of the file: it lets a file be repeated for the lines that failed.
      const taken = new Map(check.taken.map(({ line, fault }) => [line, fault]));
      const parallel = context.platform.settings.get('baremetal.batchCreate.parallel');
      return applyBatch(
        lines,
        async (line) => {
          const fault = taken.get(line.line);
          if (fault !== undefined) throw new ApiError('conflict', fault);
          return createLine(context, line);
        },
        { parallel, progress },
      );
    },
  }),
];
