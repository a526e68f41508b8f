# bash completion for landlockd(1)

# Names of policies: those built in, and the files in the folders that landlockd searches.
_landlockd_policies() {
	printf '%s\n' ci-default net-fetch hermetic-build prepared-root prepared-root-net
	local folder file
	local -a folders
	IFS=: read -ra folders <<<"${LANDLOCKD_POLICY_PATH-}"
	folders+=("${XDG_CONFIG_HOME:-$HOME/.config}/landlockd/policies"
		/usr/local/share/landlockd/policies /etc/landlockd/policies
		"${XDG_DATA_HOME:-$HOME/.local/share}/landlockd/policies" /usr/share/landlockd/policies)
	for folder in "${folders[@]}"; do
		for file in "$folder"/*.toml; do
			[[ -e $file ]] || continue
			file=${file##*/}
			printf '%s\n' "${file%.toml}"
		done
	done
}

_landlockd_files() {
	compopt -o filenames
	if [[ $1 == toml ]]; then
		mapfile -t COMPREPLY < <(compgen -f -X '!*.toml' -- "$cur"; compgen -d -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

_landlockd_folders() {
	compopt -o filenames
	mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}

_landlockd_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_landlockd() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} i
	COMPREPLY=()

	# Behind `--` stands another command line.
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ $command == run && ${COMP_WORDS[i]} == -- ]]; then
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			elif ((i + 1 == COMP_CWORD)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			else
				_landlockd_files any
			fi
			return
		fi
	done

	if ((COMP_CWORD == 1)); then
		_landlockd_words 'run compile lint show serve status stop doctor schema --help --version'
		return
	fi

	case $prev in
	--policy-file) _landlockd_files toml && return ;;
	--policy) _landlockd_words "$(_landlockd_policies)" && return ;;
	--audit | --socket | --plan | --output | -o) _landlockd_files any && return ;;
	--policy-dir) _landlockd_folders && return ;;
	--format) _landlockd_words 'text json github sarif' && return ;;
	--set) return ;;
	esac

	case $command in
	run) _landlockd_words '--policy-file --policy --set --plan --dry-run --best-effort --socket --audit --help --' ;;
	compile) _landlockd_words '--policy-file --policy --set --output --help' ;;
	lint)
		if [[ $cur == -* ]]; then
			_landlockd_words '--policy-file --policy --set --format --strict --help'
		else
			_landlockd_files toml
		fi
		;;
	show) _landlockd_words '--policy-file --policy --help' ;;
	serve) _landlockd_words '--socket --systemd --policy-dir --allow-root --audit --help' ;;
	status) _landlockd_words '--socket --json --help' ;;
	stop) _landlockd_words '--socket --now --help' ;;
	doctor) _landlockd_words '--json --help' ;;
	schema) _landlockd_words '--help' ;;
	esac
}

complete -F _landlockd landlockd
