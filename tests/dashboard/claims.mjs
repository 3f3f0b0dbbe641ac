// Claims about a page, checked one by one: a line each, and how many held.
let passed = 0;
const failed = [];

/** Checks one claim; it holds if `true` comes back, and else what came back is printed. */
export async function check(claim, holds) {
    try {
        const found = await holds();
        if (found !== true) throw new Error(JSON.stringify(found));
        passed += 1;
        console.log(`ok    ${claim}`);
    } catch (error) {
        failed.push(claim);
        console.log(`FAIL  ${claim}\n      ${String(error.message).slice(0, 1500)}`);
    }
}

/** True if there is nothing, or what there is. */
export const none = (found) => (found.length === 0 ? true : found);

/** Prints how many held, and ends the program: with 1 if one did not. */
export function end() {
    console.log(`${passed} passed, ${failed.length} failed`);
    process.exit(failed.length ? 1 : 0);
}
