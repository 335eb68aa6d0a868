namespace Appliance.Ui;

/// <summary>What a field's input carries so that label, hint and error belong to it.</summary>
/// <param name="Id">For <c>id</c>.</param>
/// <param name="DescribedBy">For <c>aria-describedby</c>; null when there is nothing to read.</param>
/// <param name="Invalid">For <c>aria-invalid</c>: "true" or null.</param>
public sealed record FieldContext(string Id, string? DescribedBy, string? Invalid);
