#include "plan/plan.h"

#include <stdbool.h>

#include "base/uapi.h"

enum { USE_A = 1, USE_B = 2, USE_C = 4, USE_TEXT = 8, USE_TEXT2 = 16 };

static const struct {
	uint8_t uses;
	uint8_t flags;
} op_table[LL_OP_KINDS] = { LL_OP_TABLE };

static const uint32_t layout_digest[8] = LL_LAYOUT_DIGEST;

/* Text lies in the data, ends with a NUL and, where it is a string, has no other. */
static bool text_ok(const struct ll_plan *plan, uint32_t offset, uint32_t size, bool used, bool is_string)
{
	const uint32_t data_size = plan->header->data_size;

	if (!used)
		return offset == 0 && size == 0;
	if (size == 0 || offset >= data_size || size >= data_size - offset || plan->data[offset + size] != '\0')
		return false;
	for (uint32_t i = 0; is_string && i < size; i++) {
		if (plan->data[offset + i] == '\0')
			return false;
	}
	return true;
}

static bool op_ok(const struct ll_plan *plan, const struct ll_op *op)
{
	uint32_t uses;

	if (op->kind == 0 || op->kind >= LL_OP_KINDS)
		return false;
	uses = op_table[op->kind].uses;
	if ((op->flags & ~(uint32_t)op_table[op->kind].flags) != 0)
		return false;
	if ((op->a != 0 && !(uses & USE_A)) || (op->b != 0 && !(uses & USE_B)) || (op->c != 0 && !(uses & USE_C)))
		return false;
	if (op->kind == LL_OP_FILTER) {
		if (op->text_size % LL_SOCK_FILTER_SIZE != 0 || op->text_offset % LL_SOCK_FILTER_SIZE != 0 ||
		    op->text_size / LL_SOCK_FILTER_SIZE > LL_BPF_MAXINSNS)
			return false;
	}
	/* A ruleset has no text, and in c what it scopes. */
	if (op->kind != LL_OP_RULESET && op->c != 0 && op->c >= op->text_size)
		return false;
	return text_ok(plan, op->text_offset, op->text_size, uses & USE_TEXT, op->kind != LL_OP_FILTER) &&
	       text_ok(plan, op->text2_offset, op->text2_size, uses & USE_TEXT2, true);
}

/*
 * What every plan must do, in which order: whoever edits a plan can't make it
 * forget the domain, no_new_privs, the capabilities or the deny filter.
 */
struct progress {
	uint32_t namespaces; /* of the header */
	uint32_t identities;
	uint32_t privates;
	uint32_t sources;
	uint32_t roots;
	uint32_t pivots;
	uint32_t rulesets;
	uint32_t restricted;
	uint32_t forks;
	uint32_t restores;
	uint32_t cap_drops;
	uint32_t no_new_privs;
	uint32_t filters;
};

/* Mounts come first, in namespaces of the run's own, so that rules hold on what is mounted. */
static bool mount_order_ok(struct progress *seen, const struct ll_op *op)
{
	const bool mounting = seen->privates == 1 && seen->rulesets == 0 && seen->forks == 0;

	switch (op->kind) {
	case LL_OP_IDENTITY:
		return (seen->namespaces & LL_CLONE_NEWUSER) && seen->privates == 0 && ++seen->identities == 1;
	case LL_OP_PRIVATE_MOUNTS:
		return (seen->namespaces & LL_CLONE_NEWNS) &&
		       seen->identities == (seen->namespaces & LL_CLONE_NEWUSER ? 1 : 0) && seen->rulesets == 0 &&
		       ++seen->privates == 1;
	case LL_OP_BIND_SOURCE:
		return mounting && seen->roots == 0 && ++seen->sources <= LL_MAX_BINDS;
	case LL_OP_ROOT:
		return mounting && ++seen->roots == 1;
	case LL_OP_BIND:
		return mounting && op->a < seen->sources;
	case LL_OP_TMPFS:
		return mounting && op->b <= 07777;
	case LL_OP_PROC:
		return mounting && (seen->namespaces & LL_CLONE_NEWPID);
	case LL_OP_ENTER_CWD:
	case LL_OP_ALLOW_TMPFS:
	case LL_OP_ALLOW_ATTACH:
		return mounting;
	case LL_OP_ALLOW_BIND:
		return mounting && op->a < seen->sources;
	case LL_OP_ALLOW_OBJECT:
		return mounting && (op->flags == LL_FLAG_ALLOW_OBJECT_TMPFS ||
				    (op->flags == LL_FLAG_ALLOW_OBJECT_PROC && (seen->namespaces & LL_CLONE_NEWPID)));
	case LL_OP_PIVOT:
		return seen->roots == 1 && seen->rulesets > 0 && seen->forks == 0 && ++seen->pivots == 1;
	default:
		return false;
	}
}

static bool order_ok(struct progress *seen, const struct ll_op *op)
{
	switch (op->kind) {
	case LL_OP_RULESET:
		return seen->forks == 0 && seen->pivots == 0 && ++seen->rulesets <= LL_MAX_RULESETS;
	case LL_OP_RULE_PATH:
	case LL_OP_RULE_PORT:
		return seen->forks == 0 && seen->pivots == 0 && seen->rulesets > 0;
	case LL_OP_LISTED:
		return seen->forks == 0 && op->flags != 0 && (op->flags & (op->flags - 1)) == 0;
	case LL_OP_NOTE:
	case LL_OP_WRITES:
		return seen->forks == 0;
	case LL_OP_FORK:
		return seen->pivots == seen->roots && seen->privates == (seen->namespaces != 0 ? 1 : 0) &&
		       ++seen->forks == 1;
	case LL_OP_CWD:
		return seen->restores == 0;
	case LL_OP_DROP_CAPS:
		return seen->forks == 1 && ++seen->cap_drops == 1;
	case LL_OP_NO_NEW_PRIVS:
		return seen->cap_drops == 1 && ++seen->no_new_privs == 1;
	case LL_OP_RESTRICT:
		return seen->no_new_privs == 1 && seen->restores == 0 && op->a == seen->restricted++ &&
		       seen->restricted <= seen->rulesets;
	case LL_OP_RESTORE:
		return seen->restricted > 0 && seen->restricted == seen->rulesets && ++seen->restores == 1;
	case LL_OP_FILTER:
		seen->filters++;
		/* The deny filter comes last, and without a listener: the supervisor's answer can't outrank it. */
		return seen->restores == 1 && (seen->filters == 1 || (seen->filters == 2 && op->flags == 0));
	default:
		return mount_order_ok(seen, op);
	}
}

int ll_plan_check(const void *bytes, size_t size, struct ll_plan *ret_plan, int32_t *ret_op)
{
	const struct ll_header *header = bytes;
	struct ll_plan plan = { .header = header };
	const uint32_t namespaces = LL_CLONE_NEWNS | LL_CLONE_NEWUSER | LL_CLONE_NEWPID;
	struct progress seen = { 0 };
	uint32_t digest_diff = 0;

	*ret_op = -1;
	if (size < sizeof(*header) || (uintptr_t)bytes % 8 != 0)
		return -LL_EINVAL;
	for (int i = 0; i < 8; i++)
		digest_diff |= header->digest[i] ^ layout_digest[i];
	if (header->magic != LL_PLAN_MAGIC || digest_diff != 0 || header->size != size ||
	    header->arch != LL_AUDIT_ARCH || header->flags != 0 || header->reserved != 0 ||
	    (header->namespaces & ~namespaces) != 0)
		return -LL_EINVAL;
	seen.namespaces = header->namespaces;
	if (header->op_count > (size - sizeof(*header)) / sizeof(struct ll_op) ||
	    header->data_offset != sizeof(*header) + header->op_count * sizeof(struct ll_op) ||
	    header->data_size != size - header->data_offset)
		return -LL_EINVAL;
	plan.ops = (const void *)((const char *)bytes + sizeof(*header));
	plan.data = (const char *)bytes + header->data_offset;
	for (uint32_t i = 0; i < header->op_count; i++) {
		*ret_op = (int32_t)i;
		if (!op_ok(&plan, &plan.ops[i]) || !order_ok(&seen, &plan.ops[i]))
			return -LL_EINVAL;
	}
	*ret_op = -1;
	if (seen.filters == 0 || plan.ops[header->op_count - 1].flags != 0)
		return -LL_EINVAL;
	*ret_plan = plan;
	return 0;
}

uint32_t ll_plan_fork(const struct ll_plan *plan)
{
	uint32_t i = 0;

	while (plan->ops[i].kind != LL_OP_FORK)
		i++;
	return i;
}

const struct ll_op *ll_plan_source(const struct ll_plan *plan, uint64_t number)
{
	const struct ll_op *op = plan->ops;

	while (op->kind != LL_OP_BIND_SOURCE || number-- > 0)
		op++;
	return op;
}

bool ll_plan_is_brokered(const struct ll_plan *plan)
{
	for (uint32_t i = 0; i < plan->header->op_count; i++)
		if (plan->ops[i].kind == LL_OP_FILTER && (plan->ops[i].flags & LL_FLAG_FILTER_NOTIFY))
			return true;
	return false;
}
