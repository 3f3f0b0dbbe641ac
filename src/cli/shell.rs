//! What a shell and `man` need to know of the command line: completions, and the manual page. Both come from the same words as `--help`.

use super::{arguments, CliError, Outcome, World};
use clap::{ArgMatches, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use std::io;

/// Writes the completions for a shell.
pub(super) fn completions(
    matches: &ArgMatches,
    world: &mut World<'_>,
) -> Result<Outcome, CliError> {
    let shell: Shell = *matches.get_one("shell").expect("clap asks for it");
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut arguments::command(), "unseen", &mut text);
    world.print(&text).map(|()| Outcome::Done)
}

/// Writes the manual page: the program, and each verb behind it.
pub(super) fn manual(world: &mut World<'_>) -> Result<Outcome, CliError> {
    let mut program = arguments::command();
    program.build();
    let mut text = Vec::new();
    page(&program, &mut text).expect("memory can be written to");
    world.print(&text).map(|()| Outcome::Done)
}

fn page(program: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    let page = Man::new(program.clone());
    page.render_title(text)?;
    page.render_name_section(text)?;
    page.render_description_section(text)?;
    for verb in program
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
    {
        section(verb, text)?;
    }
    let mut behind = Vec::new();
    page.render_extra_section(&mut behind)?;
    text.extend(
        String::from_utf8_lossy(&behind)
            .replace(".SH EXTRA", ".SH NOTES")
            .as_bytes(),
    );
    Ok(())
}

/// A verb with its options.
fn section(verb: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    let page = Man::new(verb.clone());
    let title = format!(".SH {}\n", verb.get_name().to_uppercase());
    text.extend(title.as_bytes());
    let mut parts = Vec::new();
    page.render_synopsis_section(&mut parts)?;
    page.render_description_section(&mut parts)?;
    page.render_options_section(&mut parts)?;
    let parts = String::from_utf8_lossy(&parts).replace(".SH ", ".SS ");
    text.extend(parts.as_bytes());
    Ok(())
}
