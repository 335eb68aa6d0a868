using System.Reflection;
using Xunit;

namespace Appliance.Architecture.Types;

public sealed class TypeRulesTests
{
    [Fact]
    public void Product_seals_its_classes() => Faults.None(TypeRules.Open(TypeRules.Of(Product.Assemblies)));

    [Fact]
    public void Product_names_its_types_in_the_fields_words() => Faults.None(TypeRules.Hollow(TypeRules.Of(Product.Assemblies)));

    [Fact]
    public void Open_class_is_caught() => Assert.Equal(
        ["Appliance.X.Alone is open and has no heir: seal it"],
        TypeRules.Open(Types("namespace Appliance.X; public class Alone; public class Parent; public sealed class Child : Parent; public abstract class Idea; public static class Words;")));

    [Fact]
    public void Hollow_name_is_caught() => Assert.Equal(
        ["Appliance.X.AlertHelper", "Appliance.X.AlertManager", "Appliance.X.AlertRepository", "Appliance.X.AlertService", "Appliance.X.FeedData"],
        TypeRules.Hollow(Types("namespace Appliance.X; class AlertHelper; class AlertManager; class FeedData; class AlertRepository; class AlertService; class Alert;")).Select(fault => fault.Split(' ')[0]).Order(StringComparer.Ordinal));

    private static IReadOnlyList<Type> Types(string source) => TypeRules.Of([Assembly.Load(Planted.Assembly("Planted" + Guid.NewGuid().ToString("n"), source))]);
}
