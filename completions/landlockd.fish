# fish completion for landlockd(1)

# Names of policies: those built in, and the files in the folders that landlockd searches.
function __landlockd_policies
    printf '%s\n' ci-default net-fetch hermetic-build prepared-root prepared-root-net
    set -l config $HOME/.config
    set -q XDG_CONFIG_HOME; and set config $XDG_CONFIG_HOME
    set -l data $HOME/.local/share
    set -q XDG_DATA_HOME; and set data $XDG_DATA_HOME
    set -l folders (string split -n : -- "$LANDLOCKD_POLICY_PATH") $config/landlockd/policies \
        /usr/local/share/landlockd/policies /etc/landlockd/policies \
        $data/landlockd/policies /usr/share/landlockd/policies
    for folder in $folders
        for file in $folder/*.toml
            path basename -E -- $file 2>/dev/null; or string replace -r '^.*/|\.toml$' '' -a -- $file
        end
    end
end

# Behind `--` stands another command line.
function __landlockd_in_command
    set -l words (commandline -opc)
    test "$words[2]" = run; and contains -- -- $words
end

function __landlockd_command_line
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    set -l before (string escape -- $words[(math $at + 1)..-1])
    complete -C (string join ' ' -- $before (commandline -ct))
end

function __landlockd_using
    not __landlockd_in_command; and __fish_seen_subcommand_from $argv
end

complete -c landlockd -f
complete -c landlockd -n __landlockd_in_command -x -a '(__landlockd_command_line)'

complete -c landlockd -n __fish_use_subcommand -l version -d 'Show the version'
complete -c landlockd -n 'not __landlockd_in_command' -l help -d 'Show help'
complete -c landlockd -n __fish_use_subcommand -a run -d 'Run a command under a policy'
complete -c landlockd -n __fish_use_subcommand -a compile -d 'Compile a policy to a plan file'
complete -c landlockd -n __fish_use_subcommand -a lint -d 'Find mistakes in policies'
complete -c landlockd -n __fish_use_subcommand -a show -d 'Print the text of a policy'
complete -c landlockd -n __fish_use_subcommand -a serve -d 'Hold the runs of many clients: a daemon'
complete -c landlockd -n __fish_use_subcommand -a status -d 'Show what a daemon is doing'
complete -c landlockd -n __fish_use_subcommand -a stop -d 'Stop a daemon'
complete -c landlockd -n __fish_use_subcommand -a doctor -d 'Show what this host can enforce'
complete -c landlockd -n __fish_use_subcommand -a schema -d 'Print the JSON Schema of a policy'

complete -c landlockd -n '__landlockd_using run compile lint show' -l policy-file -r -k -a '(__fish_complete_suffix .toml)' -d 'Policy to use'
complete -c landlockd -n '__landlockd_using run compile lint show' -l policy -x -a '(__landlockd_policies)' -d 'Named policy to use'
complete -c landlockd -n '__landlockd_using run compile lint' -l set -x -d 'NAME=VALUE: a variable of the policy'

complete -c landlockd -n '__landlockd_using run' -l plan -r -F -d 'A plan file instead of a policy'
complete -c landlockd -n '__landlockd_using run' -l dry-run -d 'Show what would be enforced, run nothing'
complete -c landlockd -n '__landlockd_using run' -l best-effort -d 'Run without what this host cannot enforce'
complete -c landlockd -n '__landlockd_using run' -l socket -r -F -d 'The daemon that holds the run'
complete -c landlockd -n '__landlockd_using run serve' -l audit -r -F -d 'Where audit events go: a file, fd:N, or -'

complete -c landlockd -n '__landlockd_using compile' -s o -l output -r -F -d 'Where the plan goes'

complete -c landlockd -n '__landlockd_using lint' -l format -x -a 'text json github sarif' -d 'Output format'
complete -c landlockd -n '__landlockd_using lint' -l strict -d 'Exit 1 for warnings too'
complete -c landlockd -n '__landlockd_using lint' -k -a '(__fish_complete_suffix .toml)'

complete -c landlockd -n '__landlockd_using serve' -l socket -r -F -d 'Where to listen'
complete -c landlockd -n '__landlockd_using serve' -l systemd -d 'Listen on the socket of the service manager'
complete -c landlockd -n '__landlockd_using serve' -l policy-dir -x -a '(__fish_complete_directories)' -d 'Hold only runs of policies in this folder'
complete -c landlockd -n '__landlockd_using serve' -l allow-root -d 'Let root ask for status and stop as well'
complete -c landlockd -n '__landlockd_using status stop' -l socket -r -F -d 'Where the daemon listens'
complete -c landlockd -n '__landlockd_using stop' -l now -d 'End its runs instead of waiting for them'

complete -c landlockd -n '__landlockd_using doctor status' -l json -d 'For programs'
