//! The program: see [`failsim::cli`].

fn main() -> std::process::ExitCode {
    failsim::cli::main()
}
