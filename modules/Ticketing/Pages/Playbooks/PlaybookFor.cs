namespace Appliance.Ticketing.Pages.Playbooks;

/// <summary>What a playbook is bound to.</summary>
internal sealed record PlaybookFor(IReadOnlyList<string> Types, IReadOnlyList<int> Severities);
